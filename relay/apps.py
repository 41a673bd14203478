"""The relay as a Django app."""

from django.apps import AppConfig


class RelayConfig(AppConfig):
    name = "relay"
