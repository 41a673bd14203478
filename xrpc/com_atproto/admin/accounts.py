"""com.atproto.admin.*: accounts as staff and moderation services see them.

Source: the lexicons of that namespace, com.atproto.admin.defs#accountView.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts import invite_listing
from accounts.account_search import search
from accounts.models import Account, InviteCode, InvitePermission
from hosting.models import Host
from protocol.errors import XrpcError
from repos.events import time_text
from xrpc.auth import Auth
from xrpc.call import Answer, Call
from xrpc.com_atproto.invite_views import invite_code
from xrpc.registry import query
from xrpc.subjects import handle_of


class AccountUnknown(XrpcError):
    """400: no account of that DID at this host."""

    name = "NotFound"

    def __init__(self) -> None:
        super().__init__("Account not found")


@query("com.atproto.admin.getAccountInfo", auth=Auth.moderator(), lane="moderation")
def get_account_info(call: Call) -> Answer:
    views = _views(call.host, _named(call.host, [call.params["did"]]))
    if not views:
        raise AccountUnknown
    return views[0]


@query("com.atproto.admin.getAccountInfos", auth=Auth.moderator(), lane="moderation")
def get_account_infos(call: Call) -> Answer:
    return {"infos": _views(call.host, _named(call.host, call.params["dids"]))}


@query("com.atproto.admin.searchAccounts", auth=Auth.moderator(), lane="moderation")
def search_accounts(call: Call) -> Answer:
    asked = call.params
    found = search(call.host, asked.get("email"), asked["limit"], asked.get("cursor"))
    page: dict[str, Any] = {"accounts": _views(call.host, found.accounts)}
    return {**page, "cursor": found.cursor} if found.cursor else page


def _named(host: Host, dids: Sequence[str]) -> list[Account]:
    """The accounts of those DIDs in that order, without those that nobody has here."""
    accounts = {a.did: a for a in Account.objects.of(host).open().filter(did__in=dids)}
    return [accounts[did] for did in dict.fromkeys(dids) if did in accounts]


def _views(host: Host, accounts: Sequence[Account]) -> list[dict[str, Any]]:
    dids = [account.did for account in accounts]
    inviters = invite_listing.inviters(host, dids)
    codes = invite_listing.codes_for(host, dids)
    permissions = {p.account_id: p for p in InvitePermission.objects.filter(account__in=accounts)}
    return [
        _view(
            account,
            permissions.get(account.pk),
            inviters.get(account.did),
            codes.get(account.did, []),
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
