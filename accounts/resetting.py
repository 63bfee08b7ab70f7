"""send_reset_letter(): a one-time link to NUMBER@qq.com for somebody who forgot the password."""

from collections.abc import Callable

from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from accounts.models import Person


def reset_parts(person: Person) -> tuple[str, str]:
    """Return (uid, token) of a link that works once and for PASSWORD_RESET_TIMEOUT seconds."""
    return urlsafe_base64_encode(force_bytes(person.pk)), default_token_generator.make_token(person)


def send_reset_letter(*, qq_number: str, link_for: Callable[[str, str], str]) -> None:
    """Send a reset link to NUMBER@qq.com if somebody has joined with the number; tell nobody whether that is so.

    `link_for` makes the absolute URL from a uid and a token.
    """
    person = Person.objects.filter(qq_number=qq_number, joined_at__isnull=False, is_active=True).first()
    if person is None:
        return
    link = link_for(*reset_parts(person))
    letter = _(
        "您好：\n\n请打开下面的链接，为 QQ 号 %(number)s 设置新密码。链接 24 小时内有效，只能使用一次：\n\n"
        "%(link)s\n\n如非您本人操作，请忽略本邮件。"
    )
    send_mail(
        subject=_("契阅：重设密码"),
        message=letter % {"number": person, "link": link},
        from_email=None,
        recipient_list=[person.email],
    )
