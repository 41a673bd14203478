"""com.atproto.admin.*: invite codes. Source: the lexicons of that namespace."""

from typing import Any

from accounts.invites import listing
from moderation.enforcement.subject_status import find_account
from moderation.staff import account_changes
from xrpc.auth.declared import Auth
from xrpc.auth.staff import hosts_of
from xrpc.auth.subjects import actor
from xrpc.com_atproto.invite_views import invite_code
from xrpc.registry import procedure, query
from xrpc.request.call import Answer, Call


@query("com.atproto.admin.getInviteCodes", auth=Auth.moderator(), pool="moderation")
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
    account = find_account(hosts_of(call), call.input["account"])
    account_changes.forbid_invites(actor(call), account, call.input.get("note", ""))
    return None


@procedure("com.atproto.admin.enableAccountInvites", auth=Auth.moderator(), pool="moderation")
def enable_account_invites(call: Call) -> Answer:
    account = find_account(hosts_of(call), call.input["account"])
    account_changes.allow_invites(actor(call), account, call.input.get("note", ""))
    return None
