"""URLs of the console's own pages, beside the lists that the admin site makes."""

from django.urls import URLPattern, path, re_path

from hosting.console.site import ConsoleSite
from moderation.console import account_migrations, invites, reports, sign_ups, views


def pages(site: ConsoleSite) -> list[URLPattern]:
    """URL patterns under `/console/`; every view passes the site's permission check.

    An account's page is told by its DID from the lists of the admin site, such as
    `/console/accounts/account/`.
    """
    account = r"^accounts/(?P<did>did:[^/]+)/"
    blob = rf"{account}blobs/(?P<link>[a-z0-9]+)/"
    held = "sign-ups/<int:held_id>/"
    return [
        path("look-up/", site.admin_view(views.look_up), name="look_up"),
        re_path(rf"{account}$", site.admin_view(views.account), name="account"),
        re_path(rf"{account}take-down/$", site.admin_view(views.take_down), name="take_down"),
        re_path(rf"{account}restore/$", site.admin_view(views.restore), name="restore"),
        re_path(
            rf"{blob}take-down/$", site.admin_view(views.take_down_blob), name="take_down_blob"
        ),
        re_path(rf"{blob}restore/$", site.admin_view(views.restore_blob), name="restore_blob"),
        re_path(
            rf"{account}record/take-down/$",
            site.admin_view(views.take_down_record),
            name="take_down_record",
        ),
        re_path(
            rf"{account}record/restore/$",
            site.admin_view(views.restore_record),
            name="restore_record",
        ),
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
        path("invites/", site.admin_view(invites.give), name="give_invites"),
    ]
