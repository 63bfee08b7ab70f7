"""The Django app configuration of `evidence`; it makes the triggers of every app follow a migrate."""

from importlib import import_module

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "evidence"

    def ready(self) -> None:
        # The module connects itself to post_migrate; it needs the models, so it cannot be imported any earlier.
        import_module("evidence.protection")
