"""The Django app configuration of `agreements`."""

from django.apps import AppConfig


class AgreementsConfig(AppConfig):
    name = "agreements"
