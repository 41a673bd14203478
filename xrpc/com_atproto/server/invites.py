"""com.atproto.server.*: invite codes, made by the host or earned by an account.

Source: the lexicons of that namespace.
"""

from collections.abc import Sequence
from typing import Any

from accounts.invites import earned
from moderation.staff import account_changes
from server.database.prepared import Question, Row
from xrpc.auth import app_scopes
from xrpc.auth.declared import FULL, Auth
from xrpc.auth.subjects import actor, own_account
from xrpc.com_atproto.invite_views import invite_code
from xrpc.registry import procedure, query
from xrpc.request.call import Answer, Call
from xrpc.request.small_read import SmallCall, SmallRead


@procedure("com.atproto.server.createInviteCode", auth=Auth.admin(), pool="moderation")
def create_invite_code(call: Call) -> Answer:
    owner = call.input.get("forAccount")
    accounts = [owner] if owner else []
    given = account_changes.give_invites(
        actor(call), call.host, accounts, codes_each=1, uses_each=call.input["useCount"]
    )
    return {"code": next(iter(given.values()))[0]}


@procedure("com.atproto.server.createInviteCodes", auth=Auth.admin(), pool="moderation")
def create_invite_codes(call: Call) -> Answer:
    asked = call.input
    given = account_changes.give_invites(
        actor(call),
        call.host,
        asked.get("forAccounts", []),
        codes_each=asked["codeCount"],
        uses_each=asked["useCount"],
    )
    return {"codes": [{"account": owner, "codes": codes} for owner, codes in given.items()]}


def _ask_for_own(call: SmallCall) -> Question | None:
    """Nobody is asked where codes may have to be made."""
    caller, may_earn = call.caller, call.params["createAvailable"] and earned.may_earn(call.host)
    return None if caller is None or may_earn else earned.ask(call.host, caller.did, caller.session)


def _own(call: SmallCall, rows: Sequence[Row]) -> dict[str, Any] | None:
    found = earned.shown(rows, with_used=call.params["includeUsed"])
    return None if found is None else {"codes": found}


@query(
    "com.atproto.server.getAccountInviteCodes",
    auth=Auth.account(FULL),
    scope=app_scopes.NONE,
    small=SmallRead(_ask_for_own, _own),
)
def get_account_invite_codes(call: Call) -> Answer:
    """Earning them first, unless `createAvailable` is false; disabled ones are not shown."""
    account = own_account(call)
    is_earning = call.params["createAvailable"]
    codes = earned.earn(account) if is_earning else earned.of_account(account)
    shown = [
        code
        for code in codes
        if not code.is_disabled
        and (call.params["includeUsed"] or code.used_count < code.available_count)
    ]
    return {"codes": [invite_code(code) for code in shown]}
