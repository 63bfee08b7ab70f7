"""The forms of assent: which shapes they let through to the acts, and which they call broken."""

from uuid import uuid4

import pytest
from django.http import QueryDict

from assent.accepting import Shown
from assent.forms import AuditForm, DecisionForm, document_value, shown_document

SHOWN = Shown("terms", 12, "zh-hans", "a" * 64, "b" * 64)


def post(**values: object) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in ({"account": "7", "form_key": str(uuid4())} | values).items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return data


def test_a_document_survives_the_form() -> None:
    assert document_value(SHOWN) == f"terms 12 zh-hans {'a' * 64} {'b' * 64}"
    assert shown_document(document_value(SHOWN)) == SHOWN


def test_a_decision_carries_account_key_and_documents() -> None:
    key = uuid4()
    form = DecisionForm(post(form_key=str(key), documents=[document_value(SHOWN)]))
    assert form.is_valid()
    assert form.cleaned_data == {"account": 7, "form_key": key, "documents": [SHOWN]}


def test_no_document_is_a_valid_form_for_the_act_to_refuse() -> None:
    form = DecisionForm(post())
    assert (form.is_valid(), form.cleaned_data["documents"]) == (True, [])


@pytest.mark.parametrize(
    "value",
    [
        "",
        "terms",
        "terms 1 zh-hans aa",
        "terms 1 zh-hans aa bb cc",
        "terms  1 zh-hans aa",
        "terms x zh-hans aa bb",
        "terms -1 zh-hans aa bb",
        "terms 1.0 zh-hans aa bb",
        "terms １ zh-hans aa bb",
        "terms 1234567890 zh-hans aa bb",
        f"terms {'9' * 5000} zh-hans aa bb",
        "ter\0ms 1 zh-hans aa bb",
        "terms 1 zh-hans aa \0",
    ],
)
def test_a_malformed_document_is_a_broken_form(value) -> None:
    form = DecisionForm(post(documents=[value]))
    assert form.errors == {"documents": ["表单已损坏，请重新打开页面。"]}


def test_a_form_has_at_most_a_hundred_documents() -> None:
    values = [f"terms {number} zh-hans aa bb" for number in range(1, 102)]
    assert DecisionForm(post(documents=values[:100])).is_valid()
    assert not DecisionForm(post(documents=values)).is_valid()


@pytest.mark.parametrize(
    "values",
    [
        ["terms 1 zh-hans aa bb", "terms 1 zh-hans aa bb"],
        ["terms 1 zh-hans aa bb", "terms 01 zh-hans aa bb"],
        ["terms 1 zh-hans aa bb", "terms 1 en cc dd"],
    ],
)
def test_a_version_stands_in_a_form_once(values) -> None:
    assert not DecisionForm(post(documents=values)).is_valid()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("account", ""),
        ("account", "0"),
        ("account", "-1"),
        ("account", "1.5"),
        ("account", "x"),
        ("account", "1\0"),
        ("account", str(2**63)),
        ("account", "9" * 4000),
        ("form_key", ""),
        ("form_key", "not-a-uuid"),
        ("form_key", "0" * 31),
        ("form_key", "\0" * 36),
    ],
)
def test_a_malformed_account_or_key_is_a_broken_form(name, value) -> None:
    assert list(DecisionForm(post(**{name: value})).errors) == [name]


@pytest.mark.parametrize("missing", ["account", "form_key"])
def test_a_decision_without_account_or_key_is_a_broken_form(missing) -> None:
    data = post(documents=["terms 1 zh-hans aa bb"])
    del data[missing]
    assert list(DecisionForm(data).errors) == [missing]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("account", "12"),
        ("account", "012345"),
        ("account", "1234567890123"),
        ("account", "20002\0"),
        ("actor", "abcde"),
        ("version", "0"),
        ("version", "1000000"),
        ("version", "x"),
        ("basis", "deemed"),
        ("since", "2026-02-30"),
        ("until", "yesterday"),
        ("until", "2026-01-01\0"),
    ],
)
def test_a_malformed_filter_is_an_error_of_its_field(db, name, value) -> None:
    assert list(AuditForm({name: value}).errors) == [name]


@pytest.mark.parametrize("value", ["unknown", "\0", "terms\0", "T" * 5000])
def test_an_unknown_agreement_is_an_error_of_its_field(agreement, value) -> None:
    assert AuditForm({"agreement": "terms"}).is_valid()
    assert list(AuditForm({"agreement": value}).errors) == ["agreement"]
