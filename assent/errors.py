"""Refusals of the acts of `assent`."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone
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


class ReasonMissing(Refusal):
    """A legal hold is placed and lifted for a reason, which is logged."""

    message = _("请写明理由。")


class HoldLifted(Refusal):
    """The hold was lifted before."""

    status = 409
    message = _("这项法律保全已经解除。")


class AccountStillOpen(Refusal):
    """The number is in use: an account, a grant, a role. Each reason says what has to end first."""

    status = 409
    message = _("这个号码还在使用，不能删除：%(reasons)s")

    def __init__(self, reasons: Iterable[object]) -> None:
        super().__init__(reasons=" ".join(map(str, reasons)))


class OnHold(Refusal):
    """A legal hold keeps the person's values until an auditor lifts it."""

    status = 409
    message = _("对此人有尚未解除的法律保全，不能删除。请审计员先解除。")


class RetentionRunning(Refusal):
    """The time for which the records must be kept has not run out (E-Commerce Law 31)."""

    status = 409
    message = _("法定保存期未满，%(until)s 起才能删除。请到时再办理。")

    def __init__(self, until: datetime) -> None:
        super().__init__(until=timezone.localtime(until).strftime("%Y-%m-%d %H:%M:%S (UTC%z)"))
        self.until = until


class AlreadyErased(Refusal):
    """The person's values were erased before."""

    status = 409
    message = _("此人的个人信息已经删除。")


class NotSealedYet(Refusal):
    """What a proof is asked for has no place in the tree yet; the sealer gives it one within a second."""

    status = 409
    retry_after = 1
    message = _("这条记录刚刚写下，尚未封入日志，暂时没有证明。请过几秒钟再试。")


class ErasureNotSealed(NotSealedYet):
    """A value was erased, and the checkpoint does not cover the entry that says so."""

    message = _("有一项个人信息刚刚被删除，这次删除尚未封入日志。请过几秒钟再试。")


class PackNotKept(Refusal):
    """The file of a pack is deleted after a week, and at once when a value that it holds is erased."""

    status = 410
    message = _("这份出证包的文件已不再保存。您可以重新制作：同一内容、同一检查点的出证包逐字节相同。")


class NoFileChosen(Refusal):
    """The form for checking receipts came without exactly one file."""

    message = _("请先选择一个文件。")


class FileTooLarge(Refusal):
    """What is checked here is kept in memory and nowhere else, so it is bounded (`limit` in megabytes)."""

    status = 413
    message = _("文件太大：这里最多核对 %(limit)s MB。更大的出证包，请在自己的电脑上用 verify.py 核对。")
