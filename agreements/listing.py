"""Lists of agreements and of versions with what they are now, each in a constant number of queries."""

from dataclasses import dataclass
from datetime import datetime

from agreements.models import Agreement, State, Version


@dataclass(frozen=True, slots=True)
class Listed:
    """One agreement with its version in force and those announced."""

    agreement: Agreement
    in_force: Version | None
    announced: list[Version]

    @property
    def is_public(self) -> bool:
        """Return whether there is anything for readers."""
        return bool(self.in_force or self.announced)


def list_agreements(*, at: datetime) -> list[Listed]:
    """Return every agreement as it is at `at`, by its address."""
    versions = Version.objects.select_related("agreement")
    in_force = {version.agreement_id: version for version in versions.in_force(at=at)}
    announced: dict[int, list[Version]] = {}
    for version in versions.announced(at=at).order_by("effective_at", "number"):
        announced.setdefault(version.agreement_id, []).append(version)
    return [
        Listed(
            agreement=agreement,
            in_force=in_force.get(agreement.pk),
            announced=announced.get(agreement.pk, []),
        )
        for agreement in Agreement.objects.all()
    ]


def list_versions(agreement: Agreement, *, at: datetime) -> list[tuple[Version, State]]:
    """Return every version of an agreement, the newest first, with what it is at `at`."""
    versions = agreement.versions.with_predecessor_number().select_related("agreement", "withdrawal")
    current = agreement.versions.in_force(at=at).first()
    return [(version, version.state_beside(current, at=at)) for version in versions.order_by("-number")]
