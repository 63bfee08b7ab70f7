"""A password must not contain the QQ number it protects."""

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
