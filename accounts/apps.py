"""The accounts Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Plain configuration; its signals are received above it, never here."""

    name = "accounts"
    verbose_name = _("Accounts")
