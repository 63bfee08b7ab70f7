"""The base of every refusal, an exception with its HTTP status and a message for the reader; and the log's own ones."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Refusal(Exception):
    """An act was refused and nothing was recorded.

    `status` is the HTTP status of the answer, `retry_after` the seconds after which asking again makes sense (None: it
    does not); `message` is a translatable sentence whose `%(name)s` places are filled from the keyword arguments.
    `str()` gives it in the active language.
    """

    status = 400
    retry_after: int | None = None
    message = _("这个请求不能照办，没有作任何记录。")

    def __init__(self, **values: object) -> None:
        super().__init__(values)
        self.values = values

    def __str__(self) -> str:
        return str(self.message) % self.values


class NeverChanges(Refusal):
    """Somebody tried to change or delete a row that is kept for good (invariant 1 of docs/invariants.md)."""

    status = 409
    message = _("%(rows)s 的记录永久保存，不能更改或删除。")


class KeyNotIntroduced(Refusal):
    """The log knows keys, and none of the configured ones is among them: another machine's key, or a lost one."""

    status = 409
    message = _(
        "日志从未启用过密钥 %(key)s，也没有配置任何已启用的密钥。请配置原来的密钥；"
        "如果原密钥已丢失，请运行 manage.py seal --introduce-key。"
    )


class KeysInEnvironment(Refusal):
    """A key file is to be changed, and the keys come from the environment."""

    status = 409
    message = _("签名密钥由 QIYUE_LOG_KEY 给出，本命令无法更改。请按 docs/operations.md 的步骤更换。")


class KeyNotSealed(Refusal):
    """The new key is in the file beside the old one, and no checkpoint that both sign has come about."""

    status = 409
    message = _("新旧密钥均已写入 %(path)s，但尚无由两者共同签名的检查点。日志能够封存后，请再次运行本命令。")


class TimestampFault(TextChoices):
    """Why there is no timestamp. The English value is kept with the attempt, so what stands here stays readable."""

    UNREACHABLE = "the authority did not answer", _("时间戳机构没有应答")
    STATUS = "the authority answered with another status than 200", _("时间戳机构的 HTTP 状态码不是 200")
    TOO_LARGE = "the response has more than 64 KiB", _("应答超过 64 KiB")
    NOT_A_RESPONSE = "the response is not a timestamp response in DER", _("应答不是 DER 格式的时间戳应答")
    REFUSED = "the authority refused", _("时间戳机构拒绝签发")
    NO_CERTIFICATE = "the timestamp has no certificate", _("时间戳中没有证书")
    WRONG_IMPRINT = "the timestamp is over something else", _("时间戳不是针对这个检查点的")
    WRONG_NONCE = "the timestamp answers another request", _("时间戳应答的是另一个请求")
    EXPIRED = "a certificate is not valid at the time of the timestamp", _("在时间戳所示时间，证书不在有效期内")
    UNTRUSTED = (
        "the timestamp is not signed by an authority that the roots vouch for",
        _("时间戳的签名者不是根证书所信任的时间戳机构"),
    )
    NO_ROOTS = (
        "the file of root certificates cannot be read (QIYUE_TSA_ROOTS)",
        _("无法读取根证书文件（QIYUE_TSA_ROOTS）"),
    )
    UNFORESEEN = "a fault of the program", _("程序故障")


class TimestampRefused(Refusal):
    """A timestamp could not be had or is not good. `reason` says why in plain English, for keeping."""

    status = 422
    message = _("没有取得可用的时间戳：%(fault)s。")

    def __init__(self, fault: TimestampFault, detail: str = "") -> None:
        super().__init__(fault=fault.label)
        self.fault = fault
        # The detail may be the authority's own words.
        detail = "".join(character for character in detail if character.isprintable())[:200]
        self.reason = f"{fault.value}: {detail}" if detail else fault.value


class MalformedCosignatures(Refusal):
    """What was sent is not a checkpoint with signature lines."""

    message = _("这不是带有签名行的检查点。")


class UnknownCheckpoint(Refusal):
    """The log never made a checkpoint with this body."""

    status = 404
    message = _("日志没有发布过这个检查点。")


class NoKnownWitness(Refusal):
    """None of the signature lines names a witness that is configured here."""

    status = 403
    message = _("签名行中没有本站所认可的见证人。")


class WrongCosignature(Refusal):
    """A line names a witness of ours and is not its signature, or states a time that cannot be."""

    status = 403
    message = _("见证人 %(witness)s 的签名与检查点不符，或所示时间不可能成立。")
