"""accept() and refuse(): what they record, whom and what they refuse, and that a refusal leaves nothing behind."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from accounts.collaborating import confirm_grant, end_grant, grant
from accounts.errors import NotAuthorised
from accounts.models import Account, CollaboratorGrant, Person, Scope
from agreements.models import Agreement, Version
from agreements.publishing import withdraw_version
from assent.accepting import Circumstances, Shown, accept, refuse
from assent.errors import AlreadyAccepted, FormKeyReused, NoSuchVersion, NothingTicked, StaleText
from assent.models import Acceptance, Refusal
from evidence.errors import Refusal as AnyRefusal
from evidence.models import Entry
from tests.support import (
    CIRCUMSTANCES,
    DAY,
    EN,
    MONDAY,
    NOON,
    ZH,
    accept_versions,
    chinese,
    english,
    make_agreement,
    make_draft,
    publish,
    queries_of,
    recorded,
    shown,
)

TICK = timedelta(microseconds=1)
KEY = UUID("6a3f0bb1-9e5d-4c53-8a35-0e7f3a1f6d11")


@pytest.fixture
def version(agreement: Agreement, petra: Person) -> Version:
    return publish(agreement, petra, texts={ZH: chinese(), EN: english()})


def try_accept(account: Account, actor: Person, *documents: Shown, form_key: UUID | None = None, at=NOON) -> Acceptance:
    return accept(
        account=account,
        actor=actor,
        documents=documents,
        form_key=form_key or uuid4(),
        circumstances=CIRCUMSTANCES,
        at=at,
    )


def try_refuse(account: Account, actor: Person, document: Shown, form_key: UUID | None = None, at=NOON) -> Refusal:
    return refuse(
        account=account,
        actor=actor,
        document=document,
        form_key=form_key or uuid4(),
        circumstances=CIRCUMSTANCES,
        at=at,
    )


ACTS = [try_accept, try_refuse]


def assert_refused(refusal: type[Exception], act, *arguments, **keywords) -> None:
    """The act raises exactly this, and no row of any kind is left by it."""
    before = recorded()
    with pytest.raises(Exception) as raised:
        act(*arguments, **keywords)
    assert (raised.type, recorded()) == (refusal, before)


# What is recorded.


def test_an_acceptance_records_account_actor_capacity_identity_and_time(version, account, alice) -> None:
    accepted = accept_versions(account, alice, version, at=NOON, form_key=KEY)
    accepted = Acceptance.objects.get(pk=accepted.pk)
    facts = (
        accepted.account,
        accepted.actor,
        accepted.capacity,
        accepted.grant,
        accepted.identity,
        accepted.basis,
        accepted.accepted_at,
        accepted.form_key,
    )
    assert facts == (account, alice, "owner", None, "stated", "express", NOON, KEY)


def test_a_collaborators_acceptance_records_the_grant_that_held(version, account, bob) -> None:
    accepted = accept_versions(account, bob, version, at=NOON)
    assert (accepted.account, accepted.actor, accepted.capacity) == (account, bob, "collaborator")
    assert accepted.grant == CollaboratorGrant.objects.get(person=bob)


@pytest.mark.parametrize("language", [ZH, EN])
def test_each_document_is_recorded_in_the_language_and_with_the_digests_shown(
    version, account, alice, language
) -> None:
    accepted = accept_versions(account, alice, version, language=language, at=NOON)
    line = accepted.lines.get()
    text = {ZH: chinese(), EN: english()}[language]
    stored = version.texts.get(language=language)
    assert (line.version, line.text, line.language) == (version, stored, language)
    assert line.text_sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert line.html_sha256 == hashlib.sha256(stored.html.encode()).hexdigest()


def test_one_act_is_one_acceptance_one_entry_one_receipt_and_a_line_per_document(
    version, account, alice, petra
) -> None:
    others = [publish(make_agreement(petra, slug=slug), petra) for slug in ("fees", "data")]
    before = recorded()
    accepted = accept_versions(account, alice, version, *others, at=NOON)
    after = recorded()
    assert {name: after[name] - before[name] for name in after} == {
        "Acceptance": 1,
        "AcceptanceLine": 3,
        "Refusal": 0,
        "Entry": 1,
        "Disclosure": 4,
    }
    assert [line.version for line in accepted.lines.all()] == [version, *others]
    assert accepted.get_absolute_url() == f"/receipts/{accepted.entry.uid}/"


def test_the_statement_says_everything_but_personal_values(version, account, bob) -> None:
    accepted = accept_versions(account, bob, version, language=EN, at=NOON)
    entry = Entry.objects.get(pk=accepted.entry_id)
    statement = json.loads(bytes(entry.statement))
    text = version.texts.get(language=EN)
    assert statement["facts"] == {
        "account": account.pk,
        "actor": bob.pk,
        "capacity": "collaborator",
        "grant": accepted.grant_id,
        "identity": "stated",
        "page_language": "zh-hans",
        "form_key": str(accepted.form_key),
        "documents": [
            {
                "agreement": "terms",
                "version": 1,
                "language": "en",
                "text_sha256": text.text_sha256,
                "text_sm3": text.text_sm3,
                "html_sha256": text.html_sha256,
            }
        ],
    }
    assert (statement["kind"], statement["id"], statement["at"]) == (
        "acceptance.express",
        str(entry.uid),
        "2026-04-01T04:00:00.000000Z",
    )
    personal = {d.field: d.value for d in entry.disclosures.all()}
    assert personal == {
        "account_qq": "20002",
        "actor_qq": "10001",
        "address": "203.0.113.7",
        "user_agent": "Firefox/140.0",
    }
    assert set(statement["commitments"]) == set(personal)
    for value in personal.values():
        assert value.encode() not in bytes(entry.statement)


def test_history_stays_as_it_was_when_the_collaborator_is_removed(version, account, alice, bob) -> None:
    accepted = accept_versions(account, bob, version, at=NOON)
    made = accepted.grant
    before = Acceptance.objects.values().get()
    end_grant(grant=made, actor=alice, at=NOON + DAY)
    assert Acceptance.objects.values().get() == before


# Invariant 2: what is accepted is what was shown.


def test_accept_refuses_superseded_version(version, account, alice, petra, agreement) -> None:
    second = publish(agreement, petra, "第二版。", at=NOON)
    assert_refused(StaleText, try_accept, account, alice, shown(version), at=NOON)
    assert try_accept(account, alice, shown(second), at=NOON).lines.get().version == second


def test_a_version_is_open_until_the_microsecond_in_which_the_next_takes_effect(
    version, account, alice, charlie, petra, agreement
) -> None:
    publish(agreement, petra, "第二版。", effective_at=NOON)
    assert try_accept(account, alice, shown(version), at=NOON - TICK).lines.get().version == version
    assert_refused(StaleText, try_accept, charlie.account, charlie, shown(version), at=NOON)


def test_accept_refuses_withdrawn_version(version, account, alice, petra, agreement) -> None:
    second = publish(agreement, petra, "第二版。", effective_at=NOON + DAY)
    withdraw_version(version=second, actor=petra, at=NOON - TICK)
    assert_refused(StaleText, try_accept, account, alice, shown(second))
    assert_refused(StaleText, try_accept, account, alice, shown(second), at=NOON + 2 * DAY)


def test_an_announced_revision_leaves_the_version_that_was_shown_to_be_recorded(
    version, account, alice, petra, agreement
) -> None:
    seen = shown(version)
    publish(agreement, petra, "第二版。", at=NOON - TICK, effective_at=NOON + DAY)
    line = try_accept(account, alice, seen).lines.get()
    assert (line.version.number, line.text_sha256) == (1, seen.text_sha256)


def test_an_announced_version_may_be_accepted_early(version, account, alice, petra, agreement) -> None:
    second = publish(agreement, petra, "第二版。", effective_at=NOON + DAY)
    assert try_accept(account, alice, shown(second), at=MONDAY).lines.get().version == second


def test_a_version_is_not_accepted_before_it_is_published(account, alice, petra, agreement) -> None:
    version = publish(agreement, petra, at=NOON)
    assert_refused(StaleText, try_accept, account, alice, shown(version), at=NOON - TICK)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"number": 2}, NoSuchVersion),
        ({"number": 0}, NoSuchVersion),
        ({"number": 999_999_999}, NoSuchVersion),
        ({"slug": "other"}, NoSuchVersion),
        ({"slug": ""}, NoSuchVersion),
        ({"slug": "T" * 5000}, NoSuchVersion),
        ({"text_sha256": "0" * 64}, StaleText),
        ({"html_sha256": "0" * 64}, StaleText),
        ({"text_sha256": ""}, StaleText),
        ({"language": "en"}, StaleText),
        ({"language": "fr"}, StaleText),
        ({"language": ""}, StaleText),
    ],
)
def test_what_was_not_shown_is_refused(version, account, alice, act, changes, refusal) -> None:
    assert_refused(refusal, act, account, alice, replace(shown(version), **changes))


@pytest.mark.parametrize("act", ACTS)
def test_text_and_html_digest_belong_to_one_text(version, account, alice, act) -> None:
    mixed = replace(shown(version, ZH), html_sha256=shown(version, EN).html_sha256)
    assert_refused(StaleText, act, account, alice, mixed)


@pytest.mark.parametrize("act", ACTS)
def test_digests_are_compared_exactly(version, account, alice, act) -> None:
    upper = replace(shown(version), text_sha256=shown(version).text_sha256.upper())
    assert_refused(StaleText, act, account, alice, upper)


def test_a_draft_cannot_be_accepted_by_any_number(version, account, alice, petra, agreement) -> None:
    draft = make_draft(agreement, petra, texts={ZH: chinese("草稿。")})
    digest = hashlib.sha256(chinese("草稿。").encode()).hexdigest()
    for number in {2, draft.pk, draft.texts.get().pk} - {1}:
        document = Shown("terms", number, "zh-hans", digest, digest)
        assert_refused(NoSuchVersion, try_accept, account, alice, document)
    assert_refused(StaleText, try_accept, account, alice, Shown("terms", 1, "zh-hans", digest, digest))


def test_one_stale_document_among_several_refuses_all(version, account, alice, petra) -> None:
    other = publish(make_agreement(petra, slug="fees"), petra)
    stale = replace(shown(other), text_sha256="0" * 64)
    assert_refused(StaleText, try_accept, account, alice, shown(version), stale)
    publish(other.agreement, petra, "新的。", at=NOON)
    assert_refused(StaleText, try_accept, account, alice, shown(version), shown(other))


def test_nothing_ticked_is_no_acceptance(version, account, alice) -> None:
    assert_refused(NothingTicked, try_accept, account, alice)


def test_one_version_cannot_be_accepted_twice_in_one_act(version, account, alice) -> None:
    """Not the same document twice, nor one version in two languages: an act has one line per version."""
    for documents in ([shown(version)] * 2, [shown(version, ZH), shown(version, EN)]):
        before = recorded()
        with pytest.raises(AnyRefusal):
            try_accept(account, alice, *documents)
        assert recorded() == before


# Authority is judged at the moment of the act.


@pytest.mark.parametrize("act", ACTS)
def test_a_stranger_cannot_act_for_an_account(version, account, charlie, petra, audrey, administrator, act) -> None:
    for person in (charlie, petra, audrey, administrator):
        assert_refused(NotAuthorised, act, account, person, shown(version))


@pytest.mark.parametrize("act", ACTS)
def test_a_removed_collaborator_cannot_act_from_that_microsecond_on(version, account, alice, bob, act) -> None:
    end_grant(grant=CollaboratorGrant.objects.get(person=bob), actor=alice, at=NOON)
    assert_refused(NotAuthorised, act, account, bob, shown(version), at=NOON)
    # Nor with a request from before that was kept waiting: what has ended has ended.
    assert_refused(NotAuthorised, act, account, bob, shown(version), at=NOON - TICK)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("scope", [Scope.SUBMIT_MATERIAL, Scope.CHOOSE_SERVICES, Scope.SETTLE_FEES])
def test_a_collaborator_without_the_scope_cannot_act(version, account, alice, charlie, act, scope) -> None:
    made = grant(account=account, actor=alice, qq_number="30003", scopes=[scope], at=MONDAY)
    confirm_grant(grant=made, actor=charlie, at=MONDAY)
    assert_refused(NotAuthorised, act, account, charlie, shown(version))


@pytest.mark.parametrize("act", ACTS)
def test_an_unconfirmed_collaborator_cannot_act(version, account, alice, charlie, act) -> None:
    made = grant(account=account, actor=alice, qq_number="30003", scopes=list(Scope), at=MONDAY)
    assert_refused(NotAuthorised, act, account, charlie, shown(version))
    confirm_grant(grant=made, actor=charlie, at=NOON)
    assert_refused(NotAuthorised, act, account, charlie, shown(version), at=NOON - TICK)
    assert act(account, charlie, shown(version), at=NOON).grant == made


@pytest.mark.parametrize("act", ACTS)
def test_a_grant_for_one_account_is_none_for_another(version, bob, charlie, act) -> None:
    assert_refused(NotAuthorised, act, charlie.account, bob, shown(version))


@pytest.mark.parametrize("act", ACTS)
def test_a_disabled_person_cannot_act(version, account, alice, act) -> None:
    alice.is_active = False
    alice.save()
    assert_refused(NotAuthorised, act, account, alice, shown(version))


@pytest.mark.parametrize("act", ACTS)
def test_a_collaborator_of_a_disabled_owner_cannot_act(version, account, alice, bob, act) -> None:
    alice.is_active = False
    alice.save()
    assert_refused(NotAuthorised, act, Account.objects.get(pk=account.pk), bob, shown(version))


# Invariant 3: one transaction; a repeated form key returns the first receipt.


def test_a_repeated_form_key_returns_the_first_receipt(version, account, alice) -> None:
    first = try_accept(account, alice, shown(version), form_key=KEY, at=MONDAY)
    before = recorded()
    again = try_accept(account, alice, shown(version), form_key=KEY, at=NOON)
    assert (again, again.accepted_at, recorded()) == (first, MONDAY, before)


def test_the_order_of_documents_does_not_make_another_act(version, account, alice, petra) -> None:
    other = publish(make_agreement(petra, slug="fees"), petra)
    first = try_accept(account, alice, shown(version), shown(other), form_key=KEY)
    assert try_accept(account, alice, shown(other), shown(version), form_key=KEY) == first


def test_a_repeated_form_key_returns_the_receipt_even_after_the_version_was_superseded(
    version, account, alice, petra, agreement
) -> None:
    first = try_accept(account, alice, shown(version), form_key=KEY)
    publish(agreement, petra, "第二版。", at=NOON + DAY)
    assert try_accept(account, alice, shown(version), form_key=KEY, at=NOON + DAY) == first


def test_a_form_key_belongs_to_one_actor_one_account_and_one_set_of_documents(
    version, account, alice, bob, charlie, petra
) -> None:
    other = publish(make_agreement(petra, slug="fees"), petra)
    try_accept(account, alice, shown(version), form_key=KEY)
    for who, whose, documents in [
        (bob, account, [shown(version)]),
        (charlie, charlie.account, [shown(version)]),
        (alice, charlie.account, [shown(version)]),
        (charlie, account, [shown(version)]),
        (alice, account, [shown(other)]),
        (alice, account, [shown(version), shown(other)]),
        (alice, account, [shown(version, EN)]),
        (alice, account, [replace(shown(version), html_sha256="0" * 64)]),
    ]:
        assert_refused(FormKeyReused, try_accept, whose, who, *documents, form_key=KEY)


def test_the_same_version_may_be_accepted_again_as_another_act(version, account, alice) -> None:
    receipts = {try_accept(account, alice, shown(version)).entry.uid for _ in range(2)}
    assert len(receipts) == 2


@pytest.mark.parametrize("act", ACTS)
def test_an_entry_that_cannot_be_written_leaves_no_act(version, account, alice, act) -> None:
    """A lone surrogate has no UTF-8 form: neither a statement nor a database can hold it."""
    before = recorded()
    keywords = {"document": shown(version)} if act is try_refuse else {"documents": [shown(version)]}
    with pytest.raises(ValueError):
        (refuse if act is try_refuse else accept)(
            account=account,
            actor=alice,
            form_key=KEY,
            circumstances=Circumstances(language="zh-hans", address="203.0.113.7", user_agent="\ud800"),
            at=NOON,
            **keywords,
        )
    assert recorded() == before


@pytest.mark.parametrize("act", ACTS)
def test_an_act_inside_a_failing_transaction_leaves_nothing(version, account, alice, act) -> None:
    before = recorded()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        act(account, alice, shown(version))
        raise ZeroDivisionError
    assert recorded() == before


def test_the_queries_of_an_acceptance_depend_on_its_documents_alone(version, account, alice, petra) -> None:
    """Two look-ups for each document; nothing for what was accepted before."""
    others = [publish(make_agreement(petra, slug=slug), petra) for slug in ("fees", "data")]
    documents = [shown(version)] + [shown(other) for other in others]

    one = queries_of(lambda: try_accept(account, alice, documents[0]))
    three = [queries_of(lambda: try_accept(account, alice, *documents)) for _ in range(3)]
    assert three == [one + 4] * 3


# Declining is a real choice.


def test_a_refusal_records_what_was_refused_by_whom(version, account, bob) -> None:
    refused = try_refuse(account, bob, shown(version), form_key=KEY)
    refused = Refusal.objects.get(pk=refused.pk)
    facts = (refused.account, refused.actor, refused.capacity, refused.grant, refused.identity, refused.version)
    assert facts == (account, bob, "collaborator", CollaboratorGrant.objects.get(person=bob), "stated", version)
    assert (refused.text_sha256, refused.refused_at, refused.form_key) == (shown(version).text_sha256, NOON, KEY)
    statement = json.loads(bytes(refused.entry.statement))
    assert (refused.entry.kind, statement["facts"]["documents"][0]["version"]) == ("acceptance.refused", 1)
    assert Acceptance.objects.count() == 0


def test_a_repeated_refusal_is_one(version, account, alice) -> None:
    first = try_refuse(account, alice, shown(version), KEY)
    before = recorded()
    assert (try_refuse(account, alice, shown(version), KEY, at=NOON + DAY), recorded()) == (first, before)


def test_a_refusals_form_key_belongs_to_one_act(version, account, alice, bob, charlie) -> None:
    try_refuse(account, alice, shown(version), KEY)
    for whose, who, document in [
        (account, bob, shown(version)),
        (charlie.account, charlie, shown(version)),
        (account, alice, shown(version, EN)),
    ]:
        assert_refused(FormKeyReused, try_refuse, whose, who, document, KEY)


def test_what_was_refused_may_be_accepted_later_but_not_the_other_way_round(version, account, alice, bob) -> None:
    try_refuse(account, alice, shown(version), at=MONDAY)
    try_accept(account, alice, shown(version))
    for actor in (alice, bob):
        assert_refused(AlreadyAccepted, try_refuse, account, actor, shown(version))


def test_a_superseded_version_cannot_be_refused(version, account, alice, petra, agreement) -> None:
    publish(agreement, petra, "第二版。", at=NOON)
    assert_refused(StaleText, try_refuse, account, alice, shown(version), at=NOON)
