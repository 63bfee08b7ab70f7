"""What goes wrong in other consent software, each as a test of ours (STYLE, counter-examples).

The gate that skips every request but GET (django-tos) has no test here yet: there is no gate. When services can ask whether an
account may go on, its test belongs beside `assent/standing.py`, on which it will stand. A failed timestamp that silently becomes
the local clock (DocuSeal) is for the timestamps to come.
"""

import hashlib

import pytest
from django.contrib.auth import get_user_model
from django.core.management import get_commands
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.joining import sign_up
from accounts.models import Person
from agreements.drafting import save_draft, texts_state
from agreements.errors import DraftPublished
from agreements.models import Agreement, Version, VersionText
from assent.models import Acceptance, AcceptanceLine
from evidence.errors import NeverChanges
from evidence.models import Entry
from tests.support import (
    MONDAY,
    NOON,
    ZH,
    accept_versions,
    chinese,
    decision,
    make_agreement,
    make_draft,
    publish,
    publish_draft,
    queries_of,
    recorded,
    shown,
)

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def version(agreement: Agreement, petra: Person) -> Version:
    return publish(agreement, petra)


@pytest.fixture
def alices(client: Client, alice: Person) -> Client:
    client.force_login(alice)
    return client


def test_the_text_cannot_be_edited_after_assent(version, account, alice) -> None:
    """django-termsandconditions: the terms are an editable row, also after people agreed to them."""
    line = accept_versions(account, alice, version).lines.get()
    text = line.text
    text.text = "改过的。"
    with pytest.raises(NeverChanges):
        text.save()
    with pytest.raises(NeverChanges):
        VersionText.objects.filter(pk=text.pk).update(text="改过的。")
    with pytest.raises(IntegrityError, match="kept for good"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE agreements_versiontext SET text = %s WHERE id = %s", ["改过的。", text.pk])
    stored = VersionText.objects.get(pk=text.pk)
    assert hashlib.sha256(stored.text.encode()).hexdigest() == line.text_sha256


def test_acceptances_are_not_deleted_with_the_user(version, account, alice) -> None:
    """django-termsandconditions: acceptances cascade with the user, and a command deletes them."""
    accept_versions(account, alice, version)
    before = recorded()
    with pytest.raises(NeverChanges):
        alice.delete()
    with pytest.raises(NeverChanges):
        get_user_model().objects.filter(pk=alice.pk).delete()
    for statement in (
        "DELETE FROM accounts_person WHERE id = %s",
        "DELETE FROM assent_acceptance WHERE actor_id = %s",
        "DELETE FROM accounts_account WHERE owner_id = %s",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [alice.pk])
    assert (recorded(), Person.objects.filter(pk=alice.pk).count()) == (before, 1)
    ours = {
        name for name, app in get_commands().items() if app in ("assent", "agreements", "accounts", "evidence", "desk")
    }
    assert ours == {
        *("compare_texts", "import_agreement", "load_demo", "rotate_log_key", "seal", "verify_evidence"),
        "verify_receipt",
    }


def test_no_primary_key_is_accepted_in_place_of_what_was_shown(alices, version, account, petra, agreement) -> None:
    """django-termsandconditions: the form carries a primary key, and any one will do."""
    draft = make_draft(agreement, petra, texts={ZH: chinese("草稿。")})
    text = version.texts.get()
    before = recorded()
    for key in {version.pk, text.pk, draft.pk, draft.texts.get().pk, 1, 2, 3}:
        assert alices.post("/accept/", decision(account, str(key))).status_code == 400
        assert (
            alices.post("/accept/", decision(account) | {"terms": key, "version": key, "returnTo": "/"}).status_code
            == 400
        )
    assert recorded() == before


def test_publishing_asks_no_question_per_user(version, agreement, petra) -> None:
    """django-termsandconditions: queries for each user when a text is published."""
    other = make_agreement(petra, slug="unloved")
    publish(other, petra)
    for number in range(30):
        person = sign_up(qq_number=str(500_000 + number), password="seven quiet lanterns", with_account=True, at=MONDAY)
        accept_versions(person.account, person, version)
    drafts = [make_draft(found, petra, texts={ZH: chinese("第二版。")}) for found in (other, agreement)]
    for_none, for_thirty = (queries_of(lambda draft=draft: publish_draft(draft, petra, at=NOON)) for draft in drafts)
    assert for_thirty == for_none


def test_the_click_does_not_look_the_current_text_up_again(alices, version, agreement, account, petra) -> None:
    """django-tos: what is in force when the form arrives is recorded, shown or not."""
    seen = decision(account, shown(version))
    publish(agreement, petra, "没有给人看过的文本。", at=NOON)
    before = recorded()
    assert alices.post("/accept/", seen).status_code == 409
    assert (recorded(), AcceptanceLine.objects.count()) == (before, 0)


def test_a_text_is_not_overwritten_under_its_signatures(version, agreement, account, alice, petra) -> None:
    """Nextcloud's terms: saving the text again leaves the old signatures standing under the new words."""
    line = accept_versions(account, alice, version).lines.get()
    with pytest.raises(DraftPublished):
        save_draft(
            draft=version.draft,
            texts={ZH: chinese("新的话。")},
            seen=texts_state(version.draft),
            actor=petra,
            at=NOON,
        )
    second = publish(agreement, petra, "新的话。", at=NOON)
    line.refresh_from_db()
    assert (line.version, line.text.text, line.text_sha256) == (
        version,
        chinese(),
        hashlib.sha256(chinese().encode()).hexdigest(),
    )
    assert (second.number, list(second.acceptance_lines.all())) == (2, [])


def test_the_admin_offers_no_way_to_change_what_was_recorded(version, account, alice, administrator) -> None:
    accepted = accept_versions(account, alice, version)
    client = Client()
    client.force_login(administrator)
    before = recorded()
    rows = {
        "agreements/version": version.pk,
        "agreements/versiontext": version.texts.get().pk,
        "agreements/agreement": version.agreement.pk,
        "assent/acceptance": accepted.pk,
        "assent/acceptanceline": accepted.lines.get().pk,
        "evidence/entry": accepted.entry_id,
    }
    for model, key in rows.items():
        assert client.get(f"/admin/{model}/").status_code == 200
        assert client.get(f"/admin/{model}/{key}/change/").status_code == 200
        refused = [f"/admin/{model}/add/", f"/admin/{model}/{key}/change/", f"/admin/{model}/{key}/delete/"]
        assert [client.post(path, {"post": "yes"}).status_code for path in refused] == [403] * 3
        action = {"action": "delete_selected", "_selected_action": key, "post": "yes"}
        client.post(f"/admin/{model}/", action)
    assert (recorded(), Version.objects.count(), Entry.objects.filter(pk=accepted.entry_id).count()) == (before, 1, 1)
    assert Acceptance.objects.get() == accepted
