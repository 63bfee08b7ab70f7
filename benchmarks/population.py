"""People who can sign in and accept, and short agreements for them to accept, made through the acts."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.appointing import give_role
from accounts.joining import sign_up
from accounts.models import Account, Person, Role
from agreements.drafting import create_agreement, start_draft
from agreements.models import Binds, Change, Language
from agreements.publishing import publish_version

PASSWORD = "seven quiet lanterns"
FIRST_NUMBER = 20001
ADMINISTRATOR, PUBLISHER = "10000001", "40004"


def number_of(visitor: int) -> str:
    """The QQ number of a visitor, counted from 0."""
    return str(FIRST_NUMBER + visitor)


def text_of(agreement: int) -> str:
    return (
        f"# 单项服务协议 {agreement}\n\n## 1. 总则\n\n1.1 本协议适用于第 {agreement} 项服务。\n\n"
        "**1.2 开发者应当妥善保管密钥，因泄露造成的损失由开发者承担。**\n"
    )


@transaction.atomic
def populate(*, visitors: int, agreements: int, at: datetime) -> list[int]:
    """Make visitors with an account each, and agreements in force; return the primary keys of the accounts."""
    administrator = Person.objects.create_superuser(ADMINISTRATOR, PASSWORD)
    publisher = sign_up(qq_number=PUBLISHER, password=PASSWORD, with_account=False, at=at - timedelta(days=1))
    give_role(person=publisher, role=Role.PUBLISHER, actor=administrator, at=at - timedelta(days=1))
    for n in range(visitors):
        sign_up(qq_number=number_of(n), password=PASSWORD, with_account=True, at=at)
    for n in range(agreements):
        agreement = create_agreement(
            slug=f"service-{n}",
            name_zh=f"单项服务协议 {n}",
            name_en=f"Service Agreement {n}",
            governing_language=Language.CHINESE,
            binds=Binds.ACCOUNT,
            actor=publisher,
            at=at,
        )
        draft = start_draft(agreement=agreement, texts={Language.CHINESE: text_of(n)}, actor=publisher, at=at)
        publish_version(
            draft=draft,
            actor=publisher,
            at=at,
            effective_at=at,
            change=Change.MATERIAL,
            summary_zh="首次公布。",
            summary_en="First publication.",
        )
    numbers = [number_of(n) for n in range(visitors)]
    found = dict(Account.objects.filter(owner__qq_number__in=numbers).values_list("owner__qq_number", "pk"))
    return [found[number] for number in numbers]
