"""Which deed opens which page of the console, by the page's URL name.

What is not listed opens to nobody. Verbs check their deed again: a page of platform staff may be
about another tenant than its host's.
"""

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse

from hosting.console.page import render_page
from hosting.models import StaffUser
from hosting.tenancy.routing import host_of
from moderation import permissions
from moderation.console.desk import urls as desk
from moderation.console.enforcement import urls as enforcement
from moderation.permissions import Deed

PAGES: Final[dict[str, Deed]] = {
    # One's own
    "index": Deed.CONSOLE_ENTER,
    "jsi18n": Deed.CONSOLE_ENTER,
    "logout": Deed.CONSOLE_ENTER,
    "password_change": Deed.CONSOLE_ENTER,
    "password_change_done": Deed.CONSOLE_ENTER,
    "own_factors": Deed.CONSOLE_ENTER,
    "own_sessions": Deed.CONSOLE_ENTER,
    "join_staff": Deed.CONSOLE_ENTER,
    "second_step": Deed.CONSOLE_ENTER,
    # Accounts
    "look_up": Deed.ACCOUNTS_LOOK,
    "account": Deed.ACCOUNTS_LOOK,
    "app_list": Deed.ACCOUNTS_LOOK,
    "accounts_account_changelist": Deed.ACCOUNTS_LOOK,
    "reset_factors": Deed.FACTORS_RESET,
    "moves": Deed.MOVES_LOOK,
    "resume_move": Deed.MOVES_RESUME,
    "mail_outgoingmail_changelist": Deed.MAIL_LOOK,
    # Reports
    "moderation_report_changelist": Deed.CASES_LOOK,
    "report": Deed.CASES_LOOK,
    "report_file": Deed.EVIDENCE_LOOK,
    "discard_evidence": Deed.EVIDENCE_DISCARD,
    # Labels
    "labels": Deed.CASES_LOOK,
    "moderation_label_changelist": Deed.CASES_LOOK,
    "put_label": Deed.LABELS_PUT,
    "negate_label": Deed.LABELS_NEGATE,
    "put_any_label": Deed.LABELS_PUT,
    "negate_any_label": Deed.LABELS_NEGATE,
    **dict.fromkeys(
        (
            "open_labeler",
            "take_labeler",
            "request_labeler_code",
            "publish_labeler",
            "rotate_labeler_key",
            "declare_labeler",
            "probe_labeler",
            "retire_labeler",
            "take_labeler_out",
            "resume_labeler",
            "set_label_hiding",
            "labeler_reports",
            "new_label_value",
            "label_value",
            "remove_label_value",
        ),
        Deed.LABELER_SET_UP,
    ),
    **desk.PAGES,
    # Enforcement
    **enforcement.PAGES,
    "take_down": Deed.TAKE_DOWN,
    "restore": Deed.TAKE_DOWN,
    "take_down_blob": Deed.TAKE_DOWN,
    "restore_blob": Deed.TAKE_DOWN,
    "take_down_record": Deed.TAKE_DOWN,
    "restore_record": Deed.TAKE_DOWN,
    # Sign-ups
    "sign_ups": Deed.SIGN_UPS_LOOK,
    "approve_sign_up": Deed.SIGN_UPS_DECIDE,
    "refuse_sign_up": Deed.SIGN_UPS_DECIDE,
    "discard_sign_ups": Deed.SIGN_UPS_DECIDE,
    "reopen_sign_ups": Deed.SIGN_UPS_DECIDE,
    "change_admission": Deed.SIGN_UPS_POLICY,
    "accounts_invitecode_changelist": Deed.INVITES_LOOK,
    "give_invites": Deed.INVITES_GIVE,
    # Sign-in by OpenID Connect
    "openid_begin": Deed.CONSOLE_ENTER,
    "openid_enter": Deed.CONSOLE_ENTER,
    "openid_settings": Deed.SETTINGS_LOOK,
    "openid_provider": Deed.SETTINGS_LOOK,
    "openid_new": Deed.SETTINGS_CHANGE,
    "openid_test": Deed.SETTINGS_CHANGE,
    "openid_remove": Deed.SETTINGS_CHANGE,
    "openid_freeze": Deed.SUSPEND,
    # Apps
    "apps": Deed.APPS_LOOK,
    "revoke_app": Deed.APPS_REVOKE,
    "block_app": Deed.APPS_BLOCK,
    "trust_app": Deed.APPS_TRUST,
    "reset_app": Deed.APPS_TRUST,
    # Settings
    "settings": Deed.SETTINGS_LOOK,
    "change_settings": Deed.SETTINGS_CHANGE,
    "change_host_settings": Deed.SETTINGS_CHANGE,
    # The staff
    "staff": Deed.STAFF_LOOK,
    "member": Deed.STAFF_LOOK,
    "invite_staff": Deed.STAFF_MANAGE,
    "withdraw_staff_invite": Deed.STAFF_MANAGE,
    "change_role": Deed.STAFF_MANAGE,
    "remove_member": Deed.STAFF_MANAGE,
    "reset_staff_factors": Deed.STAFF_MANAGE,
    "end_staff_sessions": Deed.STAFF_MANAGE,
    "tenant_access": Deed.BREAK_GLASS,
    "give_back_access": Deed.BREAK_GLASS,
    # The log
    "moderation_auditentry_changelist": Deed.AUDIT_LOOK,
    "export_audit": Deed.AUDIT_EXPORT,
}


def refusal(request: HttpRequest) -> HttpResponse | None:
    """The page of somebody whose role does not open what was asked for; None: it does."""
    name = request.resolver_match.url_name if request.resolver_match else None
    if name not in PAGES:
        raise Http404  # no page, or one that its author has not given to anybody
    if name in opened_to(request):
        return None
    refused = permissions.refusal_of(PAGES[name])
    context = {"title": refused.page_text}
    return render_page(request, "moderation/not_allowed.html", context, refused.status).render()


def opened_to(request: HttpRequest) -> frozenset[str]:
    """The names of the pages that the role of who is signed in opens; asked once a request."""
    if not hasattr(request, "console_pages"):
        staff = request.user
        deeds = (
            permissions.deeds_of(staff, host_of(request).tenant_id)
            if isinstance(staff, StaffUser)
            else frozenset()
        )
        opened = frozenset(name for name, deed in PAGES.items() if deed in deeds)
        request.console_pages = opened  # type: ignore[attr-defined]
    found: frozenset[str] = request.console_pages  # type: ignore[attr-defined]
    return found
