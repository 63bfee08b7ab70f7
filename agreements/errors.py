"""Refusals of the acts of `agreements`."""

from django.utils.translation import gettext_lazy as _

from evidence.errors import Refusal


class NotAnAgreement(Refusal):
    """A file or a text is not one that can be published as an agreement; the reason says why."""

    status = 422
    message = _("无法读作协议：%(reason)s")

    def __init__(self, reason: object) -> None:
        super().__init__(reason=reason)


class DraftPublished(Refusal):
    """A draft becomes one version, and is then no longer edited."""

    status = 409
    message = _("这份草稿已经公布为版本，不能再编辑或再次公布。请新建草稿。")


class StaleDraft(Refusal):
    """Somebody else saved the draft in the meantime."""

    status = 409
    message = _("草稿在此期间已被修改，没有照办。请看过现在的文本再决定。")


class GoverningTextMissing(Refusal):
    """A version needs the text in its governing language."""

    message = _("缺少作准语言的文本，不能公布。")


class SummaryMissing(Refusal):
    """A revision says in both languages what changes."""

    message = _("请用中文和英文写明改动摘要。")


class NothingChanged(Refusal):
    """The draft has the same texts as the version before it."""

    message = _("草稿与上一版本的文本完全相同，没有可公布的改动。")


class EffectiveTooEarly(Refusal):
    """A version takes effect neither before it is published nor before the version that it follows."""

    message = _("生效时间不能早于公布时间，也不能早于上一版本的生效时间（%(earliest)s）。")


class InForceAlready(Refusal):
    """Only an announced version can be withdrawn, before it takes effect."""

    status = 409
    message = _("该版本已经生效，不能撤回。")


class WithdrawnAlready(Refusal):
    """The version was withdrawn before."""

    status = 409
    message = _("该版本此前已经撤回。")


class SlugTaken(Refusal):
    """Another agreement has this address."""

    status = 409
    message = _("地址“%(slug)s”已被另一份协议使用。")
