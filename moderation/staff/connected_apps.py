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
from hosting.models import Host, StaffUser, Tenant
from moderation import audit, permissions
from moderation.models import AuditEntry
from moderation.permissions import Deed
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


def revoke(staff: StaffUser, account: Account, client_id: str, reason: str) -> None:
    """End an app's access to an account at once. Raises NotAllowed, ReasonNeeded, NoSuchApp."""
    reason = permissions.checked(staff, Deed.APPS_REVOKE, account.host.tenant_id, reason)
    with transaction.atomic():
        audit.record(staff, account, Action.APP_REVOKE, _said(client_id, reason), ref=client_id)
        in_use.disconnect(account, client_id)


def trust(staff: StaffUser, host: Host, client_id: str, reason: str) -> None:
    """Show an app by its own name and logo. Raises NotAllowed, ReasonNeeded, NotAClientId,
    DevelopmentClient."""
    permissions.require(staff, Deed.APPS_TRUST, host.tenant_id)
    if client_ids.is_loopback(client_id):
        raise DevelopmentClient
    _decide(staff, host, client_id, reason, (Action.APP_TRUST, Deed.APPS_TRUST, rules.trust))


def block(staff: StaffUser, host: Host, client_id: str, reason: str) -> None:
    """Keep an app from all accounts of the tenant; its sessions end at once. Raises NotAllowed,
    ReasonNeeded, NotAClientId."""
    _decide(staff, host, client_id, reason, (Action.APP_BLOCK, Deed.APPS_BLOCK, rules.block))


def treat_as_any_other(staff: StaffUser, host: Host, client_id: str, reason: str) -> None:
    """End a trust or a block. Raises as `block`."""
    _decide(staff, host, client_id, reason, (Action.APP_RESET, Deed.APPS_TRUST, rules.forget))


def _decide(
    staff: StaffUser,
    host: Host,
    client_id: str,
    reason: str,
    decision: tuple[Action, Deed, Callable[[Tenant, str], object]],
) -> None:
    action, deed, verb = decision
    reason = permissions.checked(staff, deed, host.tenant_id, reason)
    if not client_id.startswith(("https://", "http://")) or len(client_id) > CLIENT_ID_MAX_CHARS:
        raise NotAClientId
    with transaction.atomic():
        audit.record_at_host(staff, host, action, _said(client_id, reason), ref=client_id)
        verb(host.tenant, client_id)


def _said(client_id: str, reason: str) -> str:
    return f"{client_id[:300]}: {reason}"
