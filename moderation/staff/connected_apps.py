"""Apps that people sign in to by OAuth: what staff may decide about them, on the record.

The verbs are the accounts package's; here the role is checked and the action is logged, in one
transaction with it. A rule is the tenant's, for all its hosts; its entry names the host at whose
console it was made.
"""

from collections.abc import Callable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from accounts.models.oauth import CLIENT_ID_MAX_CHARS
from accounts.oauth.clients import client_ids, in_use, rules
from hosting.models import Host, Member, StaffUser, Tenant
from moderation import audit
from moderation.models import AuditEntry
from moderation.permissions import AppDecisionNotAllowed, checked_reason
from protocol.errors import InvalidRequest

Action = AuditEntry.Action


class NotAClientId(InvalidRequest):
    """400: no URL of a metadata document."""

    message = "Enter the client ID of an app: the URL of its metadata document."
    page_text = _("Enter the client ID of an app: the URL of its metadata document.")


class DevelopmentClient(InvalidRequest):
    """400: any program on somebody's machine may say that it is this one."""

    message = "Only an app with an https address can be trusted."
    page_text = _("Only an app with an https address can be trusted.")


def may_revoke(staff: StaffUser, host: Host) -> bool:
    """Whether `staff` may end an app's access to one account: everybody but auditors."""
    return bool(staff.roles_at(host.tenant_id) & Member.MAY_ADMIT)


def may_block(staff: StaffUser, host: Host) -> bool:
    """Whether `staff` may keep an app from all accounts of the tenant."""
    return bool(staff.roles_at(host.tenant_id) & Member.MAY_TAKE_DOWN)


def may_trust(staff: StaffUser, host: Host) -> bool:
    """Whether `staff` may speak for an app: the tenant's owner, or the provider."""
    return Member.Role.OWNER in staff.roles_at(host.tenant_id)


def revoke(staff: StaffUser, account: Account, client_id: str, reason: str) -> None:
    """End an app's access to an account at once. Raises NotAllowed, ReasonNeeded, NoSuchApp."""
    is_allowed = may_revoke(staff, account.host)
    reason = checked_reason(reason, is_allowed=is_allowed, refusal=AppDecisionNotAllowed)
    with transaction.atomic():
        audit.record(staff, account, Action.APP_REVOKE, _said(client_id, reason), ref=client_id)
        in_use.disconnect(account, client_id)


def trust(staff: StaffUser, host: Host, client_id: str, reason: str) -> None:
    """Show an app by its own name and logo. Raises NotAllowed, ReasonNeeded, NotAClientId,
    DevelopmentClient."""
    if may_trust(staff, host) and client_ids.is_loopback(client_id):
        raise DevelopmentClient
    _decide(staff, host, client_id, reason, (Action.APP_TRUST, may_trust, rules.trust))


def block(staff: StaffUser, host: Host, client_id: str, reason: str) -> None:
    """Keep an app from all accounts of the tenant; its sessions end at once. Raises NotAllowed,
    ReasonNeeded, NotAClientId."""
    _decide(staff, host, client_id, reason, (Action.APP_BLOCK, may_block, rules.block))


def treat_as_any_other(staff: StaffUser, host: Host, client_id: str, reason: str) -> None:
    """End a trust or a block. Raises as `block`."""
    _decide(staff, host, client_id, reason, (Action.APP_RESET, may_trust, rules.forget))


def _decide(
    staff: StaffUser,
    host: Host,
    client_id: str,
    reason: str,
    decision: tuple[Action, Callable[[StaffUser, Host], bool], Callable[[Tenant, str], object]],
) -> None:
    action, may, verb = decision
    is_allowed = may(staff, host)
    reason = checked_reason(reason, is_allowed=is_allowed, refusal=AppDecisionNotAllowed)
    if not client_id.startswith(("https://", "http://")) or len(client_id) > CLIENT_ID_MAX_CHARS:
        raise NotAClientId
    with transaction.atomic():
        audit.record_at_host(staff, host, action, _said(client_id, reason), ref=client_id)
        verb(host.tenant, client_id)


def _said(client_id: str, reason: str) -> str:
    return f"{client_id[:300]}: {reason}"
