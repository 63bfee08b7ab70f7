"""Every kind of fact that the log can record, with its meaning: the auditor's glossary."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """The kind of an entry. A value is part of logged statements: add to this list, never change what stands in it."""

    PERSON_JOINED = "person.joined", _("注册（某 QQ 号码设定密码，成为使用者）")
    ACCOUNT_OPENED = "account.opened", _("开通开发者账户（2.1.1）")
    COLLABORATOR_GRANTED = "collaborator.granted", _("账户所有人添加协作者（2.1.5）")
    COLLABORATOR_CONFIRMED = "collaborator.confirmed", _("被添加的号码确认成为协作者")
    COLLABORATOR_ENDED = "collaborator.ended", _("协作者授权终止")
    ROLE_GIVEN = "role.given", _("授予角色")
    ROLE_ENDED = "role.ended", _("收回角色")
    RESET_LINK_ISSUED = "person.reset_link_issued", _("管理员签发一次性密码重设链接")
    VERSION_PUBLISHED = "version.published", _("公布一个版本")
    VERSION_WITHDRAWN = "version.withdrawn", _("在生效前撤回一个版本")
    ACCEPTED_EXPRESS = "acceptance.express", _("明示同意（勾选并点击按钮）")
    REFUSED = "acceptance.refused", _("表示不同意")
    AUDIT_EXPORTED = "audit.exported", _("审计员导出同意记录")
