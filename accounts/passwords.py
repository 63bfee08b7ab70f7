"""What a password must be: long enough, and without the QQ number that it protects."""

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import Person


class NotTheNumberValidator:
    """Refuses a password that contains the person's QQ number."""

    def validate(self, password: str, user: Person | None = None) -> None:
        if user is not None and user.qq_number and user.qq_number in password:
            raise ValidationError(_("密码不能包含您的 QQ 号。"), code="password_contains_number")

    def get_help_text(self) -> str:
        return _("密码不能包含您的 QQ 号。")


class LongEnoughValidator(MinimumLengthValidator):
    """Django's validator with a message of ours: its own is not translated into Chinese."""

    def get_error_message(self) -> str:
        return _("密码太短，至少要有 %(least)s 个字符。") % {"least": self.min_length}

    def get_help_text(self) -> str:
        return _("密码至少要有 %(least)s 个字符。") % {"least": self.min_length}
