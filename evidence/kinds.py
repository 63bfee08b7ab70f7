"""Every kind of fact that the log can record, with its meaning: the auditor's glossary."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """The kind of an entry. A value is part of logged statements: add to this list, never change what stands in it."""

    PERSON_JOINED = "person.joined", _("注册（某 QQ 号码设定密码，成为使用者）")
    ADMINISTRATOR_MADE = "administrator.made", _("设立管理员（运营方在服务器上设立）")
    ACCOUNT_OPENED = "account.opened", _("开通开发者账户（2.1.1）")
    ACCOUNT_CLOSED = "account.closed", _("账户所有人注销开发者账户")
    COLLABORATOR_GRANTED = "collaborator.granted", _("账户所有人添加协作者（2.1.5）")
    COLLABORATOR_CONFIRMED = "collaborator.confirmed", _("被添加的号码确认成为协作者")
    COLLABORATOR_ENDED = "collaborator.ended", _("协作者授权终止")
    ROLE_GIVEN = "role.given", _("授予角色")
    ROLE_ENDED = "role.ended", _("收回角色")
    RESET_LINK_ISSUED = "person.reset_link_issued", _("管理员签发一次性密码重设链接")
    VERSION_PUBLISHED = "version.published", _("公布一个版本")
    VERSION_WITHDRAWN = "version.withdrawn", _("在生效前撤回一个版本")
    ACCEPTED_EXPRESS = "acceptance.express", _("明示同意（勾选并点击按钮）")
    ACCEPTED_AT_REGISTRATION = "acceptance.registration", _("注册时同意")
    ACCEPTED_BY_USE = "acceptance.deemed", _("继续使用，视为同意（11.1）；不是明示同意")
    ACCEPTED_ON_PAPER = "acceptance.paper", _("书面同意，由运营方登记")
    REFUSED = "acceptance.refused", _("表示不同意")
    DISPUTED = "acceptance.disputed", _("账户所有人对一次同意提出异议（2.1.7）")
    RATIFIED = "acceptance.ratified", _("账户所有人追认一次无权代理的同意（民法典第一百七十一条）")
    OBJECTED = "objection.made", _("提出书面异议（2.3.3、6.1、7.1）")
    NOTICE_SENT = "notice.sent", _("向一位接收人发出通知（7.1）")
    AUDIT_EXPORTED = "audit.exported", _("审计员导出同意记录")
    PACK_MADE = "evidence.pack_made", _("制作一份出证包")
    HOLD_PLACED = "hold.placed", _("法律保全：暂停删除某人的信息")
    HOLD_LIFTED = "hold.lifted", _("解除法律保全")
    PERSON_ERASED = "person.erased", _("删除某人的个人信息（个人信息保护法第四十七条）")
    KEY_INTRODUCED = "log.key_introduced", _("启用一把日志签名密钥")
