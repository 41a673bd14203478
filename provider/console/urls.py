"""URLs of the provider's pages on the console, and the deed that opens each."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.urls import URLPattern, path, re_path

from hosting.console.site import ConsoleSite
from moderation.permissions import Deed
from provider.console import jobs, overview, plans, settings_pages, webhooks
from provider.console.archives import exports, imports
from provider.console.people import export, invites, limits
from provider.console.tenants import deletion, host_name, listed, one
from provider.console.wizard import views as wizard

# By noun: where below its pages, the view, what the page's name ends with. Each is there twice, for
# a tenant and for the platform.
_TWICE: Final[Mapping[str, tuple[tuple[str, Any, str], ...]]] = {
    "webhook": (
        ("", webhooks.listed, "s"),
        ("<int:webhook_id>/", webhooks.shown, ""),
        ("<int:webhook_id>/rotate/", webhooks.rotate, "_rotate"),
        ("<int:webhook_id>/switch/", webhooks.switch, "_switch"),
        ("<int:webhook_id>/remove/", webhooks.remove, "_remove"),
        ("<int:webhook_id>/replay/", webhooks.replay, "_replay"),
        ("<int:webhook_id>/<int:delivery_id>/", webhooks.delivery, "_delivery"),
        ("<int:webhook_id>/<int:delivery_id>/replay/", webhooks.replay_one, "_replay_one"),
    ),
    "job": (
        ("", jobs.listed, "s"),
        ("<int:job_id>/", jobs.shown, ""),
        ("<int:job_id>/stop/", jobs.stop, "_stop"),
    ),
}
_PLATFORM: Final = [
    f"platform_{noun}{suffix}" for noun, routes in _TWICE.items() for _, _, suffix in routes
]

PAGES: Final[dict[str, Deed]] = {
    **dict.fromkeys(
        (
            "tenants",
            "new_tenant",
            "draft_step",
            "draft_checks",
            "look_at_draft",
            "open_draft",
            "remove_draft",
            "tenant",
            "check_tenant",
            "add_tenant_domain",
            "remove_tenant_domain",
            "invite_tenant_staff",
            "give_plan",
            "suspend_tenant",
            "resume_tenant",
            "delete_tenant",
            "settings_of_host",
            "setting_of_host",
        ),
        Deed.TENANTS_RUN,
    ),
    **dict.fromkeys(
        (
            "invite_people",
            "make_invite_link",
            "mail_invite",
            "preview_invites",
            "send_invites",
            "invite_job",
        ),
        Deed.INVITES_GIVE,
    ),
    "account_limits": Deed.ACCOUNTS_LOOK,  # changing them is an owner's
    **dict.fromkeys(
        (
            "plans",
            "new_plan",
            "plan",
            "retire_plan",
            "remove_plan",
            "tenant_imports",
            "send_archive",
            "host_name",
            "drop_host_name",
            *_PLATFORM,
        ),
        Deed.TENANTS_RUN,
    ),
    **{f"webhook{suffix}": Deed.WEBHOOKS_RUN for _, _, suffix in _TWICE["webhook"]},
    **{f"job{suffix}": Deed.SETTINGS_CHANGE for _, _, suffix in _TWICE["job"]},
    **dict.fromkeys(("export_people", "exports", "export_file"), Deed.PEOPLE_EXPORT),
    "overview": Deed.OVERVIEW_LOOK,
    "ask_relays": Deed.SETTINGS_CHANGE,
    "announce_accounts": Deed.SETTINGS_CHANGE,
    "host_settings": Deed.SETTINGS_LOOK,
    "host_setting": Deed.SETTINGS_LOOK,
}


def pages(site: ConsoleSite) -> list[URLPattern]:
    """URL patterns under `/console/`."""
    draft = "tenants/drafts/<int:draft_id>/"
    tenant = "tenant/<slug:slug>/"
    routes = (
        ("tenants/", listed.listed, "tenants"),
        ("tenants/new/", wizard.begin, "new_tenant"),
        (f"{draft}checks/", wizard.checks, "draft_checks"),
        (f"{draft}look/", wizard.look, "look_at_draft"),
        (f"{draft}open/", wizard.open_host, "open_draft"),
        (f"{draft}remove/", wizard.remove, "remove_draft"),
        (f"{draft}step/<slug:name>/", wizard.step, "draft_step"),
        (tenant, one.shown, "tenant"),
        (f"{tenant}check/", one.check, "check_tenant"),
        (f"{tenant}hosts/<int:host_id>/domains/", one.add_domain, "add_tenant_domain"),
        (f"{tenant}domains/remove/", one.remove_domain, "remove_tenant_domain"),
        (f"{tenant}staff/", one.invite, "invite_tenant_staff"),
        (f"{tenant}plan/", one.give_plan, "give_plan"),
        (f"{tenant}suspend/", one.suspend, "suspend_tenant"),
        (f"{tenant}resume/", one.resume, "resume_tenant"),
        (f"{tenant}delete/", deletion.page, "delete_tenant"),
        ("hosts/<int:host_id>/settings/", settings_pages.of_host, "settings_of_host"),
        (
            "hosts/<int:host_id>/settings/<slug:name>/",
            settings_pages.setting_of_host,
            "setting_of_host",
        ),
        ("hosts/<int:host_id>/name/", host_name.page, "host_name"),
        ("hosts/<int:host_id>/name/drop/", host_name.drop, "drop_host_name"),
        ("plans/", plans.listed, "plans"),
        ("plans/new/", plans.new, "new_plan"),
        ("plans/<slug:slug>/", plans.shown, "plan"),
        ("plans/<slug:slug>/retire/", plans.retire, "retire_plan"),
        ("plans/<slug:slug>/remove/", plans.remove, "remove_plan"),
        ("imports/", imports.listed, "tenant_imports"),
        ("imports/upload", imports.upload, "send_archive"),
        ("exports/", exports.listed, "exports"),
        ("exports/<int:job_id>/file/", exports.download, "export_file"),
        ("people/invite/", invites.page, "invite_people"),
        ("people/invite/link/", invites.link, "make_invite_link"),
        ("people/invite/mail/", invites.mail, "mail_invite"),
        ("people/invite/preview/", invites.preview, "preview_invites"),
        ("people/invite/send/", invites.send, "send_invites"),
        ("people/invite/<int:job_id>/", invites.job, "invite_job"),
        ("people/export/", export.export, "export_people"),
        ("overview/", overview.page, "overview"),
        ("overview/relays/", overview.ask_relays, "ask_relays"),
        ("overview/accounts/", overview.announce, "announce_accounts"),
        ("host-settings/", settings_pages.own, "host_settings"),
        ("host-settings/<slug:name>/", settings_pages.own_setting, "host_setting"),
    )
    return [
        _limits_of_account(site),
        *(path(at, site.admin_view(view), name=name) for at, view, name in routes),
        *(path(at, site.admin_view(view), given, name=name) for at, view, name, given in _twice()),
    ]


def _limits_of_account(site: ConsoleSite) -> URLPattern:
    at = r"^accounts/(?P<did>did:[^/]+)/limits/$"
    return re_path(at, site.admin_view(limits.page), name="account_limits")


def _twice() -> Iterator[tuple[str, Any, str, dict[str, bool]]]:
    """Where, the view, the page's name, what tells the view whose page it is."""
    for noun, routes in _TWICE.items():
        for at, view, suffix in routes:
            yield f"{noun}s/{at}", view, f"{noun}{suffix}", {"is_platforms": False}
            platforms = {"is_platforms": True}
            yield f"platform/{noun}s/{at}", view, f"platform_{noun}{suffix}", platforms
