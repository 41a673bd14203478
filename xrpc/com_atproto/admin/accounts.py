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
from server.database.prepared import TRUE, Question, Row
from xrpc.auth.declared import Auth
from xrpc.auth.staff import ADMIN_SCOPE, IS_ADMIN, hosts_of
from xrpc.auth.subjects import handle_of
from xrpc.com_atproto.invite_views import invite_code
from xrpc.registry import query
from xrpc.request.call import Answer, Call
from xrpc.request.small_read import SmallCall, SmallRead

_AT_ONCE_MAX = 25  # accounts that are shown on the event loop


class AccountUnknown(XrpcError):
    """400: no account of that DID at this host."""

    name = "NotFound"
    message = "Account not found"


def _ask(call: SmallCall) -> Question | None:
    asked = call.params
    dids = [asked["did"]] if "did" in asked else asked["dids"]
    if len(dids) > _AT_ONCE_MAX:
        return None
    columns = listing.PERMISSION_COLUMNS
    return account_lookups.ask_if(call.host, dids, IS_ADMIN, call.admin_hash, *columns)


def _small_views(call: SmallCall, rows: Sequence[Row]) -> list[dict[str, Any]] | None:
    """As `_views` of `_named`; None where one of them has to do with codes, and for nobody."""
    found = {}
    for row in rows:
        is_disabled, note, has_codes = row[-len(listing.PERMISSION_COLUMNS) :]
        if has_codes == TRUE:
            return None
        account = account_lookups.of_row(call.host, row)
        permission = None
        if is_disabled is not None:
            permission = InvitePermission(is_disabled=is_disabled == TRUE, note=note.decode())
        found[account.did] = _view(account, permission, None, [])
    asked = call.params
    dids = [asked["did"]] if "did" in asked else asked["dids"]
    return [found[did] for did in dict.fromkeys(dids) if did in found] or None


def _one(call: SmallCall, rows: Sequence[Row]) -> dict[str, Any] | None:
    views = _small_views(call, rows)
    return views[0] if views else None


def _several(call: SmallCall, rows: Sequence[Row]) -> dict[str, Any] | None:
    views = _small_views(call, rows)
    return {"infos": views} if views else None


@query(
    "com.atproto.admin.getAccountInfo",
    auth=Auth.moderator(),
    pool="moderation",
    small=SmallRead(_ask, _one),
)
def get_account_info(call: Call) -> Answer:
    views = _views(_named(call, [call.params["did"]]))
    if not views:
        raise AccountUnknown
    return views[0]


@query(
    "com.atproto.admin.getAccountInfos",
    auth=Auth.moderator(),
    pool="moderation",
    small=SmallRead(_ask, _several),
)
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
