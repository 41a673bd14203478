"""The Django application of this room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Plain configuration; the room's signals are received above it, never here."""

    name = "accounts"
    verbose_name = _("Accounts")
