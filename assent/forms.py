"""Forms of the accept page, the auditor's filters, evidence packs, holds and erasure: they check shape; the acts decide."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import QQNumberField
from accounts.models import Account
from agreements.models import Agreement
from assent.accepting import Shown
from assent.models import Acceptance, Basis


def document_value(shown: Shown) -> str:
    """Return how a form carries one shown document: its five parts, separated by a space."""
    return f"{shown.slug} {shown.number} {shown.language} {shown.text_sha256} {shown.html_sha256}"


def shown_document(value: str) -> Shown:
    """Read what `document_value` wrote. Raises forms.ValidationError."""
    parts = value.split(" ")
    if len(parts) != 5 or not (parts[1].isascii() and parts[1].isdecimal() and len(parts[1]) <= 9):
        raise forms.ValidationError(_("表单已损坏，请重新打开页面。"))
    return Shown(parts[0], int(parts[1]), *parts[2:])


class DocumentsField(forms.Field):
    """The ticked documents; any that were not on the page are refused by the act, not here."""

    widget = forms.SelectMultiple

    def to_python(self, value: object) -> list[Shown]:
        if not isinstance(value, list | tuple):
            return []
        if len(value) > 100 or any("\0" in part for part in value):
            raise forms.ValidationError(_("表单已损坏，请重新打开页面。"))
        documents = [shown_document(part) for part in value]
        if len({(document.slug, document.number) for document in documents}) != len(documents):
            raise forms.ValidationError(_("表单已损坏，请重新打开页面。"))
        return documents


class DecisionForm(forms.Form):
    """A decision about documents on behalf of an account; `form_key` makes a double click one act."""

    account = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    form_key = forms.UUIDField()
    documents = DocumentsField(required=False)


class AuditForm(forms.Form):
    """What the auditor looks for; every field narrows the list."""

    account = QQNumberField(label=_("账户 QQ"), required=False)
    actor = QQNumberField(label=_("操作 QQ"), required=False)
    agreement = forms.ModelChoiceField(
        label=_("协议名称"),
        queryset=Agreement.objects.all(),
        to_field_name="slug",
        required=False,
        empty_label=_("全部"),
    )
    version = forms.IntegerField(label=_("版本"), min_value=1, max_value=999_999, required=False)
    basis = forms.ChoiceField(label=_("方式"), choices=[("", _("全部")), *Basis.choices], required=False)
    since = forms.DateField(label=_("自"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("至（含当日）"), required=False, widget=forms.DateInput(attrs={"type": "date"}))


class ReasonForm(forms.Form):
    """Why a legal hold is lifted."""

    reason = forms.CharField(
        label=_("理由"),
        max_length=2000,
        help_text=_("如法院、案号、来函日期。理由只作为个人信息保存，日志中只有它的加盐摘要。"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class HoldForm(ReasonForm):
    """About whom a legal hold is, and why."""

    qq_number = QQNumberField()
    field_order = ("qq_number", "reason")


class FindPersonForm(forms.Form):
    """Whose personal values are to be erased."""

    qq_number = QQNumberField()


class PackForm(forms.Form):
    """What a pack is to be about: an account, by its key or its QQ number, an agreement or an acceptance; one of them."""

    account = forms.ModelChoiceField(label=_("账户"), queryset=Account.objects.select_related("owner"), required=False)
    account_qq = QQNumberField(label=_("账户 QQ"), required=False)
    agreement = forms.ModelChoiceField(
        label=_("协议"), queryset=Agreement.objects.all(), to_field_name="slug", required=False, empty_label=_("请选择")
    )
    acceptance = forms.ModelChoiceField(
        label=_("回执编号"),
        queryset=Acceptance.objects.select_related("entry", "account__owner", "actor"),
        to_field_name="entry__uid",
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        values = {name: value for name, value in super().clean().items() if value}
        if number := values.pop("account_qq", None):
            account = Account.objects.filter(owner__qq_number=number).select_related("owner").first()
            if account is None:
                raise forms.ValidationError(_("没有 QQ 号 %(qq_number)s 的开发者账户。"), params={"qq_number": number})
            values.setdefault("account", account)
        if len(values) != 1 and not self.errors:
            raise forms.ValidationError(_("请指明一个账户、一份协议或一条同意记录。"))
        return {"selection": values}
