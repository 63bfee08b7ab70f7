"""import_source(): a file becomes a draft, of an agreement that is made if its address is new."""

import pytest

from accounts.errors import NotAuthorised
from agreements.errors import NotAnAgreement
from agreements.importing import import_source
from agreements.models import Agreement, Draft, DraftText
from agreements.text.clauses import parse
from evidence.models import Entry
from tests.support import EN, MONDAY, ZH, chinese, english


def read(text: str | bytes, petra, *, slug: str = "terms", language=ZH, name: str = "text.md"):
    data = text if isinstance(text, bytes) else text.encode()
    return import_source(data=data, name=name, slug=slug, language=language, actor=petra, at=MONDAY)


def test_an_import_makes_the_agreement_and_its_draft(petra) -> None:
    imported = read(chinese(), petra)
    agreement = Agreement.objects.get()
    assert (agreement.slug, agreement.name_zh, agreement.name_en) == ("terms", "开发者测试协议", "")
    assert (agreement.governing_language, agreement.binds, agreement.created_at) == ("zh-hans", "account", MONDAY)
    text = imported.draft.texts.get()
    assert (imported.draft.agreement, imported.draft.created_by, text.language) == (agreement, petra, "zh-hans")
    assert parse(text.text).as_json() == parse(chinese()).as_json()
    assert imported.warnings == ()


def test_an_import_into_a_known_agreement_leaves_its_settings(agreement, petra) -> None:
    before = Agreement.objects.values().get()
    imported = read(english(), petra, language=EN)
    assert Agreement.objects.values().get() == before
    assert imported.draft.agreement == agreement
    assert [text.language for text in imported.draft.texts.all()] == ["en"]


def test_an_import_publishes_nothing_and_logs_nothing(petra) -> None:
    before = Entry.objects.count()
    imported = read(chinese(), petra)
    assert (imported.draft.is_published, Entry.objects.count()) == (False, before)


def test_only_a_publisher_imports(alice, arno, audrey) -> None:
    for person in (alice, arno, audrey):
        with pytest.raises(NotAuthorised):
            read(chinese(), person)
    assert (Agreement.objects.count(), Draft.objects.count()) == (0, 0)


@pytest.mark.parametrize("data", [b"", b" \n", b"\x00\x01\x02", "一段没有编号的话。\n".encode(), b"%PDF-1.7\n"])
def test_what_is_no_agreement_leaves_neither_agreement_nor_draft(petra, data) -> None:
    with pytest.raises(NotAnAgreement):
        read(data, petra)
    assert (Agreement.objects.count(), Draft.objects.count(), DraftText.objects.count()) == (0, 0, 0)


def test_a_title_too_long_for_a_name_is_no_server_error(petra) -> None:
    """Only a title that fits can be the name of a new agreement; the refusal leaves nothing."""
    with pytest.raises(NotAnAgreement):
        read(chinese(title="长" * 201), petra)
    assert (Agreement.objects.count(), Draft.objects.count()) == (0, 0)
