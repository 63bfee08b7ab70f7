"""load_demo: fill an empty portal with the demo, once, and print the sign-ins."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.utils import DatabaseError
from django.utils import timezone

from accounts.models import Person
from agreements.models import Agreement
from assent.demo import PASSWORD, PEOPLE, load_demo


class Command(BaseCommand):
    help = "Load the demo (people, a sample agreement with two revisions, acceptances) into an empty portal and print the sign-ins."

    def handle(self, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("the demo has known passwords: it is not loaded in production")
        try:
            if not Person.objects.filter(qq_number=PEOPLE["alice"]).exists():
                if Person.objects.exists() or Agreement.objects.exists():
                    self.stderr.write("this portal is in use: no demo loaded")
                    return
                self.stderr.write("loading the demo …")
                load_demo(at=timezone.now())
        except DatabaseError as error:
            raise CommandError(f"{str(error).splitlines()[0]} (has `manage.py migrate` been run?)") from None
        who = {
            "alice": "开发者账户所有人 · account owner",
            "bob": "协作者 · her collaborator",
            "charlie": "另一开发者 · another developer",
            "petra": "发布人 · publisher",
            "arno": "审批人 · approver",
            "audrey": "审计员 · auditor",
            "administrator": "管理员 · administrator",
        }
        self.stdout.write(f"演示账号 · demo sign-ins (密码 · password: {PASSWORD})")
        for name, what in who.items():
            self.stdout.write(f"  QQ {PEOPLE[name]:<10} {what}")
