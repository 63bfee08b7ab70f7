"""Small histories of a portal, made by random acts in a random order: what the real acts can leave behind."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.db.models import Model

from accounts.appointing import end_role, give_role, issue_reset_link
from accounts.closing import close_account
from accounts.collaborating import confirm_grant, end_grant, grant
from accounts.joining import open_account, sign_up
from accounts.models import Account, CollaboratorGrant, Person, Role, RoleHolding, Scope
from agreements.drafting import create_agreement, start_draft
from agreements.models import Agreement, Binds, Change, Language, Version
from agreements.publishing import publish_version, withdraw_version
from assent.accepting import Shown, accept, refuse
from assent.auditing import Query, export_csv
from assent.erasing import erase_person
from assent.legal_holds import lift_hold, place_hold
from assent.models import LegalHold
from evidence.errors import Refusal
from evidence.log import seal
from tests.support import CIRCUMSTANCES, chinese, english, shown

PASSWORD = "seven quiet lanterns"


class Nothing(Refusal):
    """There is nothing yet that the act could be about."""


class History:
    """A portal with an administrator, a publisher and an auditor, in which random acts take place; some are refused."""

    def __init__(self, random: Random, *, start: datetime) -> None:
        self.random = random
        self.at = start
        self.refused: list[str] = []
        self.administrator = Person.objects.create_superuser("90009", PASSWORD, at=self.at)
        self.publisher = self._join("40004", with_account=False)
        self.auditor = self._join("60006", with_account=False)
        for person, role in ((self.publisher, Role.PUBLISHER), (self.auditor, Role.AUDITOR)):
            give_role(person=person, role=role, actor=self.administrator, at=self.at)
        self.acts: list[tuple[Callable[[], object], int]] = [
            (self.someone_joins, 4),
            (self.someone_opens_an_account, 1),
            (self.someone_is_invited, 4),
            (self.someone_confirms, 4),
            (self.a_grant_ends, 2),
            (self.a_role_is_given, 2),
            (self.a_role_ends, 2),
            (self.a_link_is_issued, 1),
            (self.an_agreement_begins, 1),
            (self.a_version_is_published, 4),
            (self.a_version_is_withdrawn, 2),
            (self.something_is_accepted, 8),
            (self.something_is_refused, 3),
            (self.an_account_closes, 1),
            (self.a_hold_is_placed, 1),
            (self.a_hold_is_lifted, 1),
            (self.someone_is_erased, 2),
            (self.acceptances_are_exported, 1),
            (self.the_log_is_sealed, 5),
        ]

    def go_on(self, acts: int) -> None:
        """Let so many acts be tried."""
        tried, weights = zip(*self.acts, strict=True)
        for act in self.random.choices(tried, weights, k=acts):
            self.at += timedelta(seconds=self.random.choice((1, 60, 3600, 86400)) * self.random.random())
            try:
                act()
            except Refusal as refusal:
                self.refused.append(type(refusal).__name__)

    def _join(self, number: str, *, with_account: bool) -> Person:
        return sign_up(qq_number=number, password=PASSWORD, with_account=with_account, at=self.at)

    def _any(self, model: type[Model], **wanted: Any) -> Any:
        """One of the rows that fit. Raises Nothing."""
        keys = list(model._base_manager.filter(**wanted).order_by("pk").values_list("pk", flat=True))
        if not keys:
            raise Nothing
        return model._base_manager.get(pk=self.random.choice(keys))

    def _number(self) -> str:
        return str(self.random.randrange(10_000, 10_060))

    def someone_joins(self) -> None:
        self._join(self._number(), with_account=self.random.random() < 0.7)

    def someone_opens_an_account(self) -> None:
        open_account(owner=self._any(Person, joined_at__isnull=False), at=self.at)

    def someone_is_invited(self) -> None:
        account = self._any(Account)
        scopes = self.random.sample(list(Scope), self.random.randrange(1, 5))
        if self.random.random() < 0.8:
            scopes.append(Scope.ACCEPT_AGREEMENTS)
        grant(account=account, actor=account.owner, qq_number=self._number(), scopes=set(scopes), at=self.at)

    def someone_confirms(self) -> None:
        waiting = self._any(CollaboratorGrant, confirmed_at__isnull=True, ended_at__isnull=True)
        confirm_grant(grant=waiting, actor=waiting.person, at=self.at)

    def a_grant_ends(self) -> None:
        ended = self._any(CollaboratorGrant, ended_at__isnull=True)
        end_grant(grant=ended, actor=self.random.choice((ended.person, ended.account.owner)), at=self.at)

    def a_role_is_given(self) -> None:
        person = self._any(Person, joined_at__isnull=False)
        give_role(person=person, role=self.random.choice(list(Role)), actor=self.administrator, at=self.at)

    def a_role_ends(self) -> None:
        held = self._any(RoleHolding, ended_at__isnull=True)
        if held.person not in (self.publisher, self.auditor):
            end_role(person=held.person, role=Role(held.role), actor=self.administrator, at=self.at)

    def a_link_is_issued(self) -> None:
        issue_reset_link(person=self._any(Person, joined_at__isnull=False), actor=self.administrator, at=self.at)

    def an_agreement_begins(self) -> None:
        create_agreement(
            slug=f"terms-{self.random.randrange(9)}",
            name_zh="开发者测试协议",
            name_en="Developer Test Agreement",
            governing_language=Language.CHINESE,
            binds=self.random.choice(list(Binds)),
            actor=self.publisher,
            at=self.at,
        )

    def a_version_is_published(self) -> None:
        try:
            agreement = self._any(Agreement)
        except Nothing:
            return self.an_agreement_begins()
        words = f"第{self.random.randrange(1000)}稿。"
        texts = {Language.CHINESE: chinese(words)}
        if self.random.random() < 0.5:
            texts[Language.ENGLISH] = english(words)
        draft = start_draft(agreement=agreement, texts=texts, actor=self.publisher, at=self.at)
        if self.random.random() < 0.1:
            return None
        later = timedelta(days=self.random.choice((0, 0, 0, 1, 30)))
        publish_version(
            draft=draft,
            effective_at=self.at + later,
            change=self.random.choice(list(Change)),
            summary_zh="修改第一条。",
            summary_en="Clause 1 changes.",
            actor=self.publisher,
            at=self.at,
        )

    def a_version_is_withdrawn(self) -> None:
        version = self._any(Version, effective_at__gt=self.at, withdrawal__isnull=True)
        withdraw_version(version=version, actor=self.publisher, at=self.at)

    def _act(self) -> dict[str, Any]:
        account = self._any(Account)
        helpers = CollaboratorGrant.objects.holding_at(self.at).filter(account=account).order_by("pk")
        actor = self.random.choice([account.owner, *(one.person for one in helpers)])
        key = UUID(int=self.random.getrandbits(128), version=4)
        return {"account": account, "actor": actor, "form_key": key, "circumstances": CIRCUMSTANCES, "at": self.at}

    def _documents(self, most: int) -> list[Shown]:
        versions = list(Version.objects.open_at(at=self.at).order_by("pk"))
        chosen = self.random.sample(versions, min(len(versions), self.random.randint(1, most)))
        return [shown(version, self.random.choice(list(version.texts.order_by("pk"))).language) for version in chosen]

    def something_is_accepted(self) -> None:
        accept(documents=self._documents(3), **self._act())

    def something_is_refused(self) -> None:
        documents = self._documents(1)
        if documents:
            refuse(document=documents[0], **self._act())

    def an_account_closes(self) -> None:
        account = self._any(Account, closed_at__isnull=True)
        close_account(account=account, actor=account.owner, at=self.at)

    def a_hold_is_placed(self) -> None:
        person = self._any(Person, joined_at__isnull=False)
        place_hold(person=person, reason="诉讼。", actor=self.auditor, at=self.at)

    def a_hold_is_lifted(self) -> None:
        held = self._any(LegalHold, lifted_at__isnull=True)
        lift_hold(hold=held, reason="结案。", actor=self.auditor, at=self.at)

    def someone_is_erased(self) -> None:
        if self.random.random() < 0.2:
            self.at += timedelta(days=3 * 366)
        person = self._any(Person, qq_number__isnull=False, is_superuser=False)
        erase_person(person=person, actor=self.administrator, at=self.at)

    def acceptances_are_exported(self) -> None:
        export_csv(query=Query(account=self._number()), person=self.auditor, at=self.at)

    def the_log_is_sealed(self) -> None:
        seal(at=self.at, sweep=self.random.random() < 0.5)
