"""Refusals of the acts of `accounts`."""

from django.utils.translation import gettext_lazy as _

from evidence.errors import Refusal


class NotAuthorised(Refusal):
    """The actor may not do this (2.1.5, 2.1.6)."""

    status = 403
    message = _("您无权查看或办理这一事项，没有作任何记录。")


class AccountClosed(NotAuthorised):
    """Nobody acts for a closed account, its owner neither, and it is not opened again (2.1.1)."""

    status = 409
    message = _("QQ %(qq_number)s 的开发者账户已经注销，不能再以它办理任何事务，也不能重新开通。已有的记录仍可查阅。")


class NumberTaken(Refusal):
    """One developer account per QQ number (2.1.1); somebody has signed up with this one."""

    status = 409
    message = _("QQ 号 %(qq_number)s 已经注册过，请直接登录。")


class NotAQQNumber(Refusal):
    """A QQ number has 5 to 11 digits, the first of them not 0."""

    message = _("QQ 号应是 5 到 11 位数字，首位不为 0。")


class AlreadyGranted(Refusal):
    """The person is a collaborator of this account, or invited to be."""

    status = 409
    message = _("QQ 号 %(qq_number)s 已经是协作者，或正待其确认。如要更改权限，请先终止原授权。")


class NothingGranted(Refusal):
    """A collaborator grant names at least one operation (2.1.5)."""

    message = _("请至少选择一项允许协作者进行的操作。")


class GrantEnded(Refusal):
    """The grant had ended before."""

    status = 409
    message = _("这项协作者授权已经终止。")


class OwnNumber(Refusal):
    """The owner of an account needs no grant for it."""

    message = _("账户所有人不能把自己添加为协作者。")


class RoleHeld(Refusal):
    """The person holds this role."""

    status = 409
    message = _("该使用者已有这一角色。")


class RoleNotHeld(Refusal):
    """The person does not hold this role."""

    status = 409
    message = _("该使用者目前没有这一角色。")


class NoSuchPerson(Refusal):
    """Nobody has signed up with this number."""

    status = 404
    message = _("没有使用 QQ 号 %(qq_number)s 注册的使用者。")
