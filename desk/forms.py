"""Forms of the desk: they check shape; the acts decide."""

from django import forms
from django.utils.translation import gettext_lazy as _

from agreements.errors import NotAnAgreement
from agreements.models import Agreement, Change, Language
from agreements.reading import MAX_BYTES, Source, settle, unpack

FORMATS = _("网页转存文本、Markdown、HTML 或 .docx，不超过 5 MB。")
MOST_COMPARED = 1024 * 1024
"""A text of more bytes than this is not compared while somebody waits."""


class SourceForm(forms.Form):
    """A text, uploaded or pasted."""

    language = forms.TypedChoiceField(label=_("文本的语言"), choices=Language.choices, coerce=Language)
    file = forms.FileField(label=_("上传文件"), required=False, help_text=FORMATS)
    pasted = forms.CharField(
        label=_("或粘贴文本"),
        required=False,
        strip=False,
        max_length=MAX_BYTES,
        widget=forms.Textarea(attrs={"rows": 12}),
    )

    def clean(self) -> dict:
        values = super().clean()
        if not self.errors and bool(values.get("file")) == bool((values.get("pasted") or "").strip()):
            raise forms.ValidationError(_("请上传一个文件，或者粘贴文本，二者择一。"))
        if values.get("file") and values["file"].size > MAX_BYTES:
            self.add_error("file", _("文件超过 5 MB。"))
        return values

    def source(self) -> tuple[bytes, str]:
        """Return the bytes of the text and the name of its file ('' if pasted)."""
        file = self.cleaned_data["file"]
        return (file.read(), file.name) if file else (self.cleaned_data["pasted"].encode(), "")


class CompareForm(forms.Form):
    """Two texts to compare, each uploaded or pasted; a file goes before what is pasted."""

    old_file = forms.FileField(label=_("旧文本的文件"), required=False, help_text=FORMATS)
    old_pasted = forms.CharField(
        label=_("或粘贴旧文本"), required=False, strip=False, widget=forms.Textarea(attrs={"rows": 8})
    )
    new_file = forms.FileField(label=_("新文本的文件"), required=False, help_text=FORMATS)
    new_pasted = forms.CharField(
        label=_("或粘贴新文本"), required=False, strip=False, widget=forms.Textarea(attrs={"rows": 8})
    )

    def read(self) -> list[Source]:
        """Return the two texts as they were read; where one cannot be read, the form has the error.

        What was read of a file goes where texts are pasted, so that the form can be sent again.
        """
        found = {side: source for side in ("old", "new") if (source := self._read(side))}
        filed = {side: source for side, source in found.items() if self.cleaned_data[f"{side}_file"]}
        self.data = {**self.data.dict(), **{f"{side}_pasted": source.markdown for side, source in filed.items()}}
        return list(found.values()) if not self.errors else []

    def _read(self, side: str) -> Source | None:
        file, pasted = self.cleaned_data[f"{side}_file"], self.cleaned_data[f"{side}_pasted"]
        field = f"{side}_file" if file else f"{side}_pasted"
        if not file and not pasted.strip():
            self.add_error(field, _("请上传一个文件，或者粘贴文本。"))
            return None
        try:
            data = file.read(MAX_BYTES + 1) if file else pasted.encode()
            unpacked = unpack(data, name=file.name if file else "")
            if len(unpacked.text.encode()) <= MOST_COMPARED:
                return settle(unpacked, needs_clauses=False)
        except NotAnAgreement as refusal:
            self.add_error(field, str(refusal))
            return None
        self.add_error(field, _("文本超过 1 MB，无法在此比较。"))
        return None


class AgreementForm(forms.ModelForm):
    """A new agreement; its texts come as drafts."""

    class Meta:
        model = Agreement
        fields = ["slug", "name_zh", "name_en", "governing_language", "binds"]
        error_messages = {"slug": {"unique": _("这个地址已被另一份协议使用。")}}
        help_texts = {"slug": _("小写字母、数字和连字符，用在网址里，如 developer-agreement。以后不能更改。")}


class DraftForm(forms.Form):
    """The texts of a draft, and the state that the editor started from."""

    chinese = forms.CharField(
        label=_("中文文本"),
        required=False,
        strip=False,
        max_length=MAX_BYTES,
        widget=forms.Textarea(attrs={"rows": 24}),
    )
    english = forms.CharField(
        label=_("英文文本"),
        required=False,
        strip=False,
        max_length=MAX_BYTES,
        widget=forms.Textarea(attrs={"rows": 24}),
    )
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)

    @property
    def texts(self) -> dict[Language, str]:
        return {Language.CHINESE: self.cleaned_data["chinese"], Language.ENGLISH: self.cleaned_data["english"]}


class PublishForm(forms.Form):
    """When a version takes effect and what it changes; `seen` is the state of the draft that the page showed."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    effective_at = forms.DateTimeField(
        label=_("生效时间"),
        required=False,
        help_text=_("以本站时区填写。留空则公布后立即生效，不能再撤回。"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    change = forms.TypedChoiceField(
        label=_("修改性质"), choices=Change.choices, coerce=Change, widget=forms.RadioSelect
    )
    summary_zh = forms.CharField(
        label=_("中文改动摘要"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    summary_en = forms.CharField(
        label=_("英文改动摘要"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
