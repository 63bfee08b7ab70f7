"""The Django app configuration of `evidence`; it makes the triggers of every app follow a migrate, and checks settings."""

from importlib import import_module

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "evidence"

    def ready(self) -> None:
        # These connect themselves to post_migrate and to the checks; they need the models, so it cannot be any earlier.
        import_module("evidence.protection")
        import_module("evidence.checks")
