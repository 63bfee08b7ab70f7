"""The Django app configuration of `assent`."""

from django.apps import AppConfig


class AssentConfig(AppConfig):
    name = "assent"
