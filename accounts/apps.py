"""The Django application of this room."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Plain configuration; the room's signals are received above it, never here."""

    name = "accounts"
