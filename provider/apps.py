"""The provider Django app: commands, no tables."""

from django.apps import AppConfig


class ProviderConfig(AppConfig):
    name = "provider"
