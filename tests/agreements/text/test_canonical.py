"""The canonical form of a text and its digests, against published vectors."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.text.canonical import ForbiddenCharacter, canonical, sha256, sm3

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs", "Cf"], include_characters="\n\r\t"))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("甲\r\n乙\r丙", "甲\n乙\n丙\n"),
        ("\ufeff甲\n\n\n", "甲\n"),
        ("", "\n"),
        ("e\u0301\tx", "\u00e9\tx\n"),
        ("甲\u200b乙", "甲\u200b乙\n"),
    ],
)
def test_canonical_unifies_line_ends_marks_and_composition(text: str, form: str) -> None:
    assert canonical(text) == form


@pytest.mark.parametrize("character", ["\0", "\x07", "\x7f", "\x85", "\ud800", "\u202e", "\u2066"])
def test_canonical_refuses_characters_that_no_agreement_has(character: str) -> None:
    with pytest.raises(ForbiddenCharacter) as caught:
        canonical(f"甲{character}乙")
    assert (caught.value.name, caught.value.position) == (f"U+{ord(character):04X}", 1)


@given(TEXTS)
def test_canonical_form_is_its_own_canonical_form(text: str) -> None:
    form = canonical(text)
    assert canonical(form) == form
    assert form.encode().decode() == form == unicodedata.normalize("NFC", form)
    assert form == "\n" or (form.endswith("\n") and not form.endswith("\n\n"))


def test_digests_match_published_vectors() -> None:
    """FIPS 180-2 B.1 and GB/T 32905-2016 A.1."""
    assert sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sm3("abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_digests_are_of_the_utf8_bytes() -> None:
    """The expected values are those of coreutils' sha256sum and of `openssl dgst -sm3`."""
    assert sha256("甲\n") == "7589c50dcc90a9be456502ec1ebf077ed6c882f7ebe475a0fd6cb3a07f6b066c"
    assert sm3("甲\n") == "da20d91a1c91e0a9874280fe5d4a51d6486830f7dac4ce96da7c2718116f88d9"


@pytest.mark.parametrize("reference", ["&#x202E;", "&#8238;", "&#x2066;"])
def test_a_character_that_is_refused_is_refused_as_a_reference_too(reference: str) -> None:
    with pytest.raises(ForbiddenCharacter):
        canonical(f"甲{reference}乙")
