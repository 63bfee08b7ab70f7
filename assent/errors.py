"""Refusals of the acts of `assent`."""

from django.utils.translation import gettext_lazy as _

from evidence.errors import Refusal


class NothingTicked(Refusal):
    """Assent is never a default: somebody has to tick what is accepted (invariant 9)."""

    message = _("请先勾选您同意的协议。没有勾选，就没有记录任何同意。")


class StaleText(Refusal):
    """What the form showed is not the text that can be accepted now: it is superseded, withdrawn or not this text."""

    status = 409
    message = _("在您阅读期间，协议文本已经变化，没有记录任何同意。下面是现在的文本，请重新阅读后再决定。")


class NoSuchVersion(Refusal):
    """There is no published version of this description; drafts cannot be accepted."""

    status = 404
    message = _("没有这个已公布的版本，没有作任何记录。")


class SameVersionTwice(Refusal):
    """One act accepts a version once, in one language."""

    message = _("同一版本在一次提交中只能出现一次，没有作任何记录。")


class FormKeyReused(Refusal):
    """A form key belongs to one actor, one account and one set of documents."""

    status = 409
    message = _("这张表单已经用于另一次提交，没有作任何记录。请重新打开页面。")


class AlreadyAccepted(Refusal):
    """What was accepted cannot be refused afterwards."""

    status = 409
    message = _("该版本已经同意过，不能再表示不同意。")


class NotSealedYet(Refusal):
    """The entry of the act has no place in the tree yet, so there is nothing to prove; the sealer is there in a second."""

    status = 409
    retry_after = 1
    message = _("这条记录刚刚写入，证明还没有做好，通常不到一秒。记录本身已经有效；请稍候再下载回执。")


class NoFileChosen(Refusal):
    """The form for checking receipts came without exactly one file."""

    message = _("请先选择一个文件。")


class FileTooLarge(Refusal):
    """What is checked here is kept in memory and nowhere else, so it is bounded (`limit` in megabytes)."""

    status = 413
    message = _("文件太大：这里最多核对 %(limit)s MB。更大的出证包，请在自己的电脑上用 verify.py 核对。")
