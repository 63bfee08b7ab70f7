"""Tests of the forms' shapes: what a QQ number, an operation and a role look like in a form."""

import pytest

from accounts.forms import InviteForm, ResetForm, RoleForm, SignInForm, SignUpForm
from accounts.models import Role, Scope

MESSAGE = "QQ 号应是 5 到 11 位数字，首位不为 0。"


@pytest.mark.parametrize(
    "number", ["1234", "01234", "１２３４５", "abcde", "12 345", "-12345", "12345.0", "1234５"], ids=ascii
)
def test_a_form_refuses_what_is_not_a_number(number: str) -> None:
    forms = [
        (SignUpForm({"qq_number": number, "password": "x", "purpose": "account"}), "qq_number"),
        (InviteForm({"qq_number": number, "scopes": ["settle_fees"]}), "qq_number"),
        (RoleForm({"qq_number": number, "role": "auditor"}), "qq_number"),
        (ResetForm({"qq_number": number}), "qq_number"),
        (SignInForm(data={"username": number, "password": "x"}), "username"),
    ]
    for form, field in forms:
        assert {name: list(errors) for name, errors in form.errors.items()} == {field: [MESSAGE]}


def test_a_form_refuses_a_number_that_is_too_long() -> None:
    assert list(ResetForm({"qq_number": "123456789012"}).errors) == ["qq_number"]


@pytest.mark.parametrize("number", ["12345", "99999999999", " 12345 ", "12345\n"], ids=ascii)
def test_a_form_forgives_the_spaces_around_a_copied_number(number: str) -> None:
    form = ResetForm({"qq_number": number})
    assert form.is_valid()
    assert form.cleaned_data == {"qq_number": number.strip()}


def test_an_invitation_names_at_least_one_operation() -> None:
    assert list(InviteForm({"qq_number": "10001"}).errors) == ["scopes"]
    assert list(InviteForm({"qq_number": "10001", "scopes": ["everything"]}).errors) == ["scopes"]
    form = InviteForm({"qq_number": "10001", "scopes": ["settle_fees", "accept_agreements"]})
    assert form.is_valid()
    assert form.cleaned_data["scopes"] == [Scope.SETTLE_FEES, Scope.ACCEPT_AGREEMENTS]


def test_nothing_is_ticked_or_chosen_beforehand() -> None:
    for form in (InviteForm(), SignUpForm(), RoleForm()):
        page = form.as_div().replace('<option value="" selected>', "")
        assert [page.count(mark) for mark in ("checked", " selected")] == [0, 0]


def test_a_role_is_one_of_ours() -> None:
    assert list(RoleForm({"qq_number": "10001", "role": "administrator"}).errors) == ["role"]
    form = RoleForm({"qq_number": "10001", "role": "auditor"})
    assert form.is_valid()
    assert form.cleaned_data["role"] is Role.AUDITOR


def test_a_password_keeps_its_spaces() -> None:
    form = SignUpForm({"qq_number": "12345", "password": " two spaces ", "purpose": "collaborator"})
    assert form.is_valid()
    assert form.cleaned_data["password"] == " two spaces "
