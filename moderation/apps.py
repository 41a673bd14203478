"""The moderation Django app."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ModerationConfig(AppConfig):
    name = "moderation"
    verbose_name = _("Moderation")

    def ready(self) -> None:
        """Connect the receivers."""
        import_module("moderation.desk.reports.abuse_notices")
        import_module("moderation.desk.reports.appeals")
        import_module("moderation.staff.own_changes")
        import_module("moderation.enforcement.legal.holds")
        import_module("moderation.staff.sign_ins")
        import_module("moderation.desk.reports.personal_data")
