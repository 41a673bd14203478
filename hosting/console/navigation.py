"""The console's navigation: groups of pages, as django-unfold's settings have them. Who sees which
is decided by the site (hosting.console.site)."""

from typing import Any, Final

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

_PAGES: Final = (
    (
        _("Platform"),
        (
            (_("Tenants"), "tenants"),
            (_("Plans"), "plans"),
            (_("Imports"), "tenant_imports"),
            (_("Webhooks"), "platform_webhooks"),
            (_("Long work"), "platform_jobs"),
            (_("Relay"), "relay"),
        ),
    ),
    (
        _("People"),
        (
            (_("Look up"), "index"),
            (_("Accounts"), "accounts_account_changelist"),
            (_("Sign-ups"), "sign_ups"),
            (_("Incoming migrations"), "moves"),
            (_("Invite people"), "invite_people"),
            (_("Invite codes"), "give_invites"),
            (_("Apps"), "apps"),
            (_("Mail"), "mail_outgoingmail_changelist"),
        ),
    ),
    (
        _("Moderation"),
        (
            (_("Cases"), "desk"),
            (_("Reports"), "moderation_report_changelist"),
            (_("Appeals"), "appeals"),
            (_("Policies"), "policies"),
            (_("Labels"), "labels"),
            (_("Legal"), "legal"),
            (_("Abuse notices"), "abuse_notices"),
            (_("Figures"), "figures"),
        ),
    ),
    (
        _("Tenant"),
        (
            (_("Overview"), "overview"),
            (_("Sign-in"), "openid_settings"),
            (_("Settings"), "settings"),
            (_("All settings"), "host_settings"),
            (_("Exports"), "exports"),
            (_("Webhooks"), "webhooks"),
            (_("Long work"), "jobs"),
            (_("Staff"), "staff"),
            (_("Audit log"), "moderation_auditentry_changelist"),
        ),
    ),
)
UNFOLD: Final[dict[str, Any]] = {
    "DASHBOARD_CALLBACK": "moderation.console.dashboard.context",
    "SIDEBAR": {
        "navigation": [
            {
                "title": group,
                "items": [
                    {"title": title, "page": name, "link": reverse_lazy(f"console:{name}")}
                    for title, name in pages
                ],
            }
            for group, pages in _PAGES
        ],
    },
}
