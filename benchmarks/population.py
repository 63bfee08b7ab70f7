"""People who can sign in and accept, and short agreements for them to accept, made through the acts.

python -m benchmarks.within benchmarks.population --visitors N --agreements N [--entries N] fills an empty database.
"""

import argparse
from datetime import datetime, timedelta
from uuid import uuid4

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from accounts.appointing import give_role
from accounts.joining import sign_up
from accounts.models import Account, Person, Role
from agreements.drafting import create_agreement, start_draft
from agreements.models import Binds, Change, Language
from agreements.publishing import publish_version
from evidence.kinds import Kind
from evidence.merkle import leaf_hash
from evidence.models import Entry

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


def log_beforehand(count: int, *, at: datetime) -> None:
    """Insert entries of the size of an acceptance's, which `benchmarks.unlogged` hands out."""
    for start in range(0, count, 5000):
        data = [b"%0900d" % n for n in range(start, min(start + 5000, count))]
        Entry.objects.bulk_create(
            Entry(uid=uuid4(), kind=Kind.ACCEPTED_EXPRESS, at=at, statement=one, leaf_hash=leaf_hash(one))
            for one in data
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, required=True)
    parser.add_argument("--agreements", type=int, required=True)
    parser.add_argument("--entries", type=int, default=0)
    options = parser.parse_args()
    call_command("migrate", verbosity=0, interactive=False)
    populate(visitors=options.visitors, agreements=options.agreements, at=timezone.now())
    log_beforehand(options.entries, at=timezone.now())
