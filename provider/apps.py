"""The provider Django app."""

from importlib import import_module

from django.apps import AppConfig


class ProviderConfig(AppConfig):
    name = "provider"

    def ready(self) -> None:
        """Connect the receivers."""
        import_module("provider.webhooks.events").connect()
