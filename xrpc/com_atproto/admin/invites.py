"""com.atproto.admin.*: invite codes. Source: the lexicons of that namespace."""

from collections.abc import Sequence
from typing import Any

from accounts.invites import listing
from moderation.staff import account_changes
from server.database.prepared import Question, Row
from xrpc.auth.declared import Auth
from xrpc.auth.staff import IS_ADMIN
from xrpc.auth.subjects import actor, subject_of_staff
from xrpc.com_atproto.invite_views import invite_code
from xrpc.registry import procedure, query
from xrpc.request.call import Answer, Call
from xrpc.request.small_read import SmallCall, SmallRead

_LISTED_MAX = 100  # codes of a page that is made on the event loop


def _ask_for_page(call: SmallCall) -> Question | None:
    asked = call.params
    if asked["sort"] != listing.RECENT or asked["limit"] > _LISTED_MAX:
        return None
    return listing.ask_for_recent(
        call.host, asked["limit"], asked.get("cursor"), IS_ADMIN, call.admin_hash
    )


def _page(call: SmallCall, rows: Sequence[Row]) -> dict[str, Any] | None:
    return listing.recent(rows, call.params["limit"])


@query(
    "com.atproto.admin.getInviteCodes",
    auth=Auth.moderator(),
    pool="moderation",
    small=SmallRead(_ask_for_page, _page),
)
def get_invite_codes(call: Call) -> Answer:
    asked = call.params
    found = listing.page(call.host, asked["sort"], asked["limit"], asked.get("cursor"))
    page: dict[str, Any] = {"codes": [invite_code(code) for code in found.codes]}
    return {**page, "cursor": found.cursor} if found.cursor else page


@procedure("com.atproto.admin.disableInviteCodes", auth=Auth.moderator(), pool="moderation")
def disable_invite_codes(call: Call) -> Answer:
    codes, accounts = call.input.get("codes", []), call.input.get("accounts", [])
    account_changes.disable_invites(actor(call), call.host, codes, accounts)
    return None


@procedure("com.atproto.admin.disableAccountInvites", auth=Auth.moderator(), pool="moderation")
def disable_account_invites(call: Call) -> Answer:
    account = subject_of_staff(call, call.input["account"])
    account_changes.forbid_invites(actor(call), account, call.input.get("note", ""))
    return None


@procedure("com.atproto.admin.enableAccountInvites", auth=Auth.moderator(), pool="moderation")
def enable_account_invites(call: Call) -> Answer:
    account = subject_of_staff(call, call.input["account"])
    account_changes.allow_invites(actor(call), account, call.input.get("note", ""))
    return None
