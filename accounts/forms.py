"""Forms of the people pages: they check shape; the acts decide."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, Scope, qq_number_validator


class QQNumberField(forms.CharField):
    """A QQ number as people type it: 5 to 11 digits, the first of them not 0."""

    def __init__(self, **kwargs) -> None:
        kwargs.setdefault("label", _("QQ 号"))
        super().__init__(max_length=11, validators=[qq_number_validator], **kwargs)
        self.widget.attrs |= {"inputmode": "numeric", "autocomplete": "username"}


class SignInForm(AuthenticationForm):
    """QQ number and password."""

    username = QQNumberField()
    password = forms.CharField(
        label=_("密码"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    error_messages = {
        "invalid_login": _("QQ 号或密码不正确。"),
        "inactive": _("这个 QQ 号已停用登录，请联系平台管理员。"),
    }


class SignUpForm(forms.Form):
    """A QQ number joins, with or without a developer account of its own."""

    WITH_ACCOUNT = "account"
    qq_number = QQNumberField(help_text=_("一个 QQ 号只能注册一个开发者账户，注册后号码不得变更（2.1.1）。"))
    password = forms.CharField(
        label=_("密码"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("至少 10 个字符，不能全是数字，不能包含您的 QQ 号。"),
    )
    purpose = forms.ChoiceField(
        label=_("注册目的"),
        widget=forms.RadioSelect,
        choices=[
            (WITH_ACCOUNT, _("开通我自己的开发者账户")),
            ("collaborator", _("只作为他人账户的协作者")),
        ],
    )


class InviteForm(forms.Form):
    """The owner names a QQ number and the operations it may carry out (2.1.5)."""

    qq_number = QQNumberField(label=_("协作者的 QQ 号"))
    scopes = forms.TypedMultipleChoiceField(
        label=_("允许进行的操作"), choices=Scope.choices, coerce=Scope, widget=forms.CheckboxSelectMultiple
    )


class ConfirmNumberForm(forms.Form):
    """Asks for the number once more before something that cannot be undone."""

    qq_number = QQNumberField(label=_("再次输入这个 QQ 号，以示确认"))

    def __init__(self, *args: Any, expected: str | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected
        self.fields["qq_number"].widget.attrs["autocomplete"] = "off"

    def clean_qq_number(self) -> str:
        if self.cleaned_data["qq_number"] != self.expected:
            raise forms.ValidationError(_("与要办理的 QQ 号不一致，没有办理。"))
        return self.cleaned_data["qq_number"]


class RoleForm(forms.Form):
    """An administrator names a person and a role."""

    qq_number = QQNumberField()
    role = forms.TypedChoiceField(label=_("要授予的角色"), choices=[("", "—"), *Role.choices], coerce=Role)


class ResetForm(forms.Form):
    """Asks for the QQ number whose mailbox gets a reset link."""

    qq_number = QQNumberField()
