"""URLs of the provider's pages on the console, and the deed that opens each."""

from typing import Final

from django.urls import URLPattern, path, re_path

from hosting.console.site import ConsoleSite
from moderation.permissions import Deed
from provider.console import overview, settings_pages
from provider.console.people import export, invites, limits
from provider.console.tenants import listed, one
from provider.console.wizard import views as wizard

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
    "export_people": Deed.PEOPLE_EXPORT,
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
        ("hosts/<int:host_id>/settings/", settings_pages.of_host, "settings_of_host"),
        (
            "hosts/<int:host_id>/settings/<slug:name>/",
            settings_pages.setting_of_host,
            "setting_of_host",
        ),
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
    of_account = re_path(
        r"^accounts/(?P<did>did:[^/]+)/limits/$",
        site.admin_view(limits.page),
        name="account_limits",
    )
    return [of_account, *(path(at, site.admin_view(view), name=name) for at, view, name in routes)]
