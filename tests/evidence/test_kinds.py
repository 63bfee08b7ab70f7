"""Tests of the glossary: what has been logged keeps its name for good."""

from evidence.kinds import Kind


def test_no_kind_has_been_renamed_or_removed() -> None:
    assert {kind.value for kind in Kind} >= {
        "person.joined",
        "account.opened",
        "collaborator.granted",
        "collaborator.confirmed",
        "collaborator.ended",
        "role.given",
        "role.ended",
        "person.reset_link_issued",
        "version.published",
        "version.withdrawn",
        "acceptance.express",
        "acceptance.refused",
        "audit.exported",
        "log.key_introduced",
    }


def test_every_kind_fits_its_column_and_says_what_it_means() -> None:
    assert [kind for kind in Kind if len(kind.value) > 40 or str(kind.label) == kind.value] == []
