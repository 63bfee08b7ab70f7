"""The one base of every refusal: an exception that carries its HTTP status and a message for the reader."""

from django.utils.translation import gettext_lazy as _


class Refusal(Exception):
    """An act was refused and nothing was recorded.

    `status` is the HTTP status of the answer; `message` is a translatable sentence whose `%(name)s` places are
    filled from the keyword arguments. `str()` gives it in the active language.
    """

    status = 400
    message = _("这个请求不能照办，没有作任何记录。")

    def __init__(self, **values: object) -> None:
        super().__init__(values)
        self.values = values

    def __str__(self) -> str:
        return str(self.message) % self.values
