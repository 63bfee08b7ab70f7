"""The base of every refusal, an exception with its HTTP status and a message for the reader; and the log's own one."""

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
