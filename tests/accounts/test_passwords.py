"""Tests of the validator that keeps a QQ number out of its password."""

import pytest
from django.core.exceptions import ValidationError

from accounts.models import Person
from accounts.passwords import NotTheNumberValidator

ALICE = Person(qq_number="20002")


@pytest.mark.parametrize("password", ["20002", "my 20002 lanterns", "x20002", "200021"])
def test_a_password_that_contains_the_number_is_refused(password: str) -> None:
    with pytest.raises(ValidationError) as weak:
        NotTheNumberValidator().validate(password, ALICE)
    assert (weak.value.code, weak.value.messages) == ("password_contains_number", ["密码不能包含您的 QQ 号。"])


@pytest.mark.parametrize("user", [ALICE, Person(qq_number=None), None])
def test_any_other_password_is_not_its_business(user: Person | None) -> None:
    assert NotTheNumberValidator().validate("2002 lanterns", user) is None


def test_the_help_text_says_the_same() -> None:
    assert NotTheNumberValidator().get_help_text() == "密码不能包含您的 QQ 号。"
