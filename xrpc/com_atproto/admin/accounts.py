"""com.atproto.admin.*: accounts as staff and moderation services see them.

Source: the lexicons of that namespace, com.atproto.admin.defs#accountView.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F

from accounts.invites import listing
from accounts.models import Account, InviteCode, InvitePermission, account_lookups
from moderation.staff.account_search import search
from protocol.errors import XrpcError
from repos.events.append import time_text
from xrpc.auth.declared import Auth
from xrpc.auth.staff import ADMIN_SCOPE, hosts_of
from xrpc.auth.subjects import handle_of
from xrpc.com_atproto.invite_views import invite_code
from xrpc.registry import query
from xrpc.request.call import Answer, Call


class AccountUnknown(XrpcError):
    """400: no account of that DID at this host."""

    name = "NotFound"
    message = "Account not found"


@query("com.atproto.admin.getAccountInfo", auth=Auth.moderator(), pool="moderation")
def get_account_info(call: Call) -> Answer:
    views = _views(_named(call, [call.params["did"]]))
    if not views:
        raise AccountUnknown
    return views[0]


@query("com.atproto.admin.getAccountInfos", auth=Auth.moderator(), pool="moderation")
def get_account_infos(call: Call) -> Answer:
    return {"infos": _views(_named(call, call.params["dids"]))}


@query("com.atproto.admin.searchAccounts", auth=Auth.moderator(), pool="moderation")
def search_accounts(call: Call) -> Answer:
    asked = call.params
    found = search(hosts_of(call), asked.get("email"), asked["limit"], asked.get("cursor"))
    page: dict[str, Any] = {"accounts": _views(found.accounts)}
    return {**page, "cursor": found.cursor} if found.cursor else page


def _named(call: Call, dids: Sequence[str]) -> list[Account]:
    """The accounts of those DIDs in that order, without those that nobody has at these hosts; of
    somebody who moves between two of them the active account."""
    if call.caller is not None and call.caller.scope == ADMIN_SCOPE:
        own = {account.did: account for account in account_lookups.find_many(call.host, dids)}
        return [own[did] for did in dict.fromkeys(dids) if did in own]
    found = Account.objects.at(hosts_of(call)).open().filter(did__in=dids)
    rest_first = F("deactivated_at").desc(nulls_last=True)
    accounts = {a.did: a for a in found.select_related("host").order_by(rest_first, "id")}
    return [accounts[did] for did in dict.fromkeys(dids) if did in accounts]


def _views(accounts: Sequence[Account]) -> list[dict[str, Any]]:
    has_codes = listing.has_any(accounts)
    inviters = listing.inviters(accounts) if has_codes else {}
    codes = listing.codes_for(accounts) if has_codes else {}
    permissions = listing.permissions(accounts)
    return [
        _view(
            account,
            permissions.get(account.pk),
            inviters.get(account.pk),
            codes.get(account.pk, []),
        )
        for account in accounts
    ]


def _view(
    account: Account,
    permission: InvitePermission | None,
    inviter: InviteCode | None,
    codes: Sequence[InviteCode],
) -> dict[str, Any]:
    """An accountView; what there is nothing to say about is left out, never null or empty."""
    view = {
        "did": account.did,
        "handle": handle_of(account),
        "email": account.email,
        "indexedAt": time_text(account.created_at),
        "invitedBy": invite_code(inviter) if inviter else None,
        "invites": [invite_code(code) for code in codes],
        "invitesDisabled": permission is not None and permission.is_disabled,
        "inviteNote": permission.note if permission else "",
        "emailConfirmedAt": _time(account.email_confirmed_at),
        "deactivatedAt": _time(account.deactivated_at),
    }
    return {name: value for name, value in view.items() if value not in ("", None)}


def _time(moment: datetime | None) -> str:
    return time_text(moment) if moment else ""
