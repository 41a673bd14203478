"""URLs of the console's own pages, beside the lists that the admin site makes."""

from django.urls import URLPattern, path, re_path

from hosting.console.site import ConsoleSite
from moderation.console import connected_apps, views
from moderation.console.desk import reports
from moderation.console.desk import urls as desk
from moderation.console.enforcement import urls as enforcement
from moderation.console.labels import subjects
from moderation.console.labels import urls as labels
from moderation.console.people import account_migrations, invites, sign_ups
from moderation.console.staff import (
    audit_export,
    factor_resets,
    join,
    members,
    openid_settings,
    openid_sign_in,
    own_factors,
    own_sessions,
    second_step,
    settings_page,
    tenant_access,
)


def pages(site: ConsoleSite) -> list[URLPattern]:
    """URL patterns under `/console/`; every view passes the site's permission check, and each has a
    name, by which page_deeds.py says who may open it.

    An account's page is told by its DID from the lists of the admin site, such as
    `/console/accounts/account/`.
    """
    return [
        *_of_an_account(site),
        *_of_apps(site),
        *_of_people_who_come(site),
        *_of_reports(site),
        *desk.pages(site),
        *_of_staff(site),
        *enforcement.pages(site),
        *labels.pages(site),
        *_of_openid(site),
        *_before_it_opens(),
    ]


def _before_it_opens() -> list[URLPattern]:
    """Pages for who has more to show than a password, or something else; they look at that
    themselves."""
    return [
        path("join/<slug:token>/", join.join, name="join_staff"),
        path("second-step/", second_step.step, name="second_step"),
        path("factors/", own_factors.own, name="own_factors"),
        path("openid/enter/", openid_sign_in.enter, name="openid_enter"),
        path("openid/<int:provider_id>/", openid_sign_in.begin, name="openid_begin"),
    ]


def _of_openid(site: ConsoleSite) -> list[URLPattern]:
    one = "sign-in/<int:provider_id>/"
    routes = (
        ("sign-in/", openid_settings.listed, "openid_settings"),
        ("sign-in/new/", openid_settings.new, "openid_new"),
        (one, openid_settings.change, "openid_provider"),
        (f"{one}test/", openid_settings.test, "openid_test"),
        (f"{one}remove/", openid_settings.remove, "openid_remove"),
        ("sign-in/people/<int:identity_id>/freeze/", openid_settings.freeze, "openid_freeze"),
    )
    return [path(at, site.admin_view(view), name=name) for at, view, name in routes]


def _of_an_account(site: ConsoleSite) -> list[URLPattern]:
    account = r"^accounts/(?P<did>did:[^/]+)/"
    blob = rf"{account}blobs/(?P<link>[a-z0-9]+)/"
    record = rf"{account}record/"
    routes = (
        (rf"{account}$", views.account, "account"),
        (rf"{account}take-down/$", views.take_down, "take_down"),
        (rf"{account}restore/$", views.restore, "restore"),
        (rf"{blob}take-down/$", views.take_down_blob, "take_down_blob"),
        (rf"{blob}restore/$", views.restore_blob, "restore_blob"),
        (rf"{record}take-down/$", views.take_down_record, "take_down_record"),
        (rf"{record}restore/$", views.restore_record, "restore_record"),
        (rf"{account}apps/revoke/$", connected_apps.revoke, "revoke_app"),
        (rf"{account}factors/reset/$", factor_resets.reset, "reset_factors"),
        (rf"{account}labels/put/$", subjects.put, "put_label"),
        (rf"{account}labels/negate/$", subjects.negate, "negate_label"),
    )
    look_up = path("look-up/", site.admin_view(views.look_up), name="look_up")
    return [look_up, *(re_path(at, site.admin_view(view), name=name) for at, view, name in routes)]


def _of_apps(site: ConsoleSite) -> list[URLPattern]:
    return [
        path("apps/", site.admin_view(connected_apps.listed), name="apps"),
        path("apps/trust/", site.admin_view(connected_apps.trust), name="trust_app"),
        path("apps/block/", site.admin_view(connected_apps.block), name="block_app"),
        path("apps/reset/", site.admin_view(connected_apps.reset), name="reset_app"),
    ]


def _of_people_who_come(site: ConsoleSite) -> list[URLPattern]:
    held = "sign-ups/<int:held_id>/"
    return [
        path("sign-ups/", site.admin_view(sign_ups.waiting), name="sign_ups"),
        path(
            "sign-ups/admission/",
            site.admin_view(sign_ups.change_admission),
            name="change_admission",
        ),
        path("sign-ups/discard/", site.admin_view(sign_ups.discard), name="discard_sign_ups"),
        path("sign-ups/reopen/", site.admin_view(sign_ups.reopen), name="reopen_sign_ups"),
        path(f"{held}approve/", site.admin_view(sign_ups.approve), name="approve_sign_up"),
        path(f"{held}refuse/", site.admin_view(sign_ups.refuse), name="refuse_sign_up"),
        path("moves/", site.admin_view(account_migrations.arriving), name="moves"),
        path(
            "moves/<int:account_id>/resume/",
            site.admin_view(account_migrations.resume),
            name="resume_move",
        ),
        path("invites/", site.admin_view(invites.give), name="give_invites"),
    ]


def _of_staff(site: ConsoleSite) -> list[URLPattern]:
    return [
        path("settings/", site.admin_view(settings_page.shown), name="settings"),
        path(
            "settings/tenant/",
            site.admin_view(settings_page.change_tenant),
            name="change_settings",
        ),
        path(
            "settings/host/",
            site.admin_view(settings_page.change_host),
            name="change_host_settings",
        ),
        path("sessions/", site.admin_view(own_sessions.own), name="own_sessions"),
        path("access/", site.admin_view(tenant_access.take), name="tenant_access"),
        path("access/end/", site.admin_view(tenant_access.give_back), name="give_back_access"),
        path("staff/", site.admin_view(members.listed), name="staff"),
        path("staff/invite/", site.admin_view(members.invite), name="invite_staff"),
        path(
            "staff/invites/<int:invite_id>/withdraw/",
            site.admin_view(members.withdraw),
            name="withdraw_staff_invite",
        ),
        *_of_a_member(site),
        path("audit/export/", site.admin_view(audit_export.export), name="export_audit"),
    ]


def _of_a_member(site: ConsoleSite) -> list[URLPattern]:
    routes = (
        ("", members.member, "member"),
        ("role/", members.change_role, "change_role"),
        ("remove/", members.remove, "remove_member"),
        ("factors/reset/", members.reset_factors, "reset_staff_factors"),
        ("sessions/end/", members.end_sessions, "end_staff_sessions"),
    )
    return [
        path(f"staff/<int:member_id>/{at}", site.admin_view(view), name=name)
        for at, view, name in routes
    ]


def _of_reports(site: ConsoleSite) -> list[URLPattern]:
    return [
        path("reports/<int:report_id>/", site.admin_view(reports.report), name="report"),
        path(
            "reports/<int:report_id>/discard/",
            site.admin_view(reports.discard),
            name="discard_evidence",
        ),
        path(
            "reports/<int:report_id>/files/<slug:link>/",
            site.admin_view(reports.file),
            name="report_file",
        ),
    ]
