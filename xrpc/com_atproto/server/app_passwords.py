"""com.atproto.server.*: passwords for apps. Source: the lexicons of that namespace.

Only the main password makes new ones; a session of any kind may list and revoke them.
"""

from collections.abc import Sequence
from typing import Any

from accounts.authentication import app_passwords
from accounts.authentication.app_passwords import Listed
from accounts.models import AppPassword
from repos.events.append import time_text
from server.database.prepared import Question, Row
from xrpc import rate_limits
from xrpc.auth import app_scopes
from xrpc.auth.declared import FULL, Auth
from xrpc.auth.subjects import own_account
from xrpc.registry import procedure, query
from xrpc.request.call import Answer, Call
from xrpc.request.small_read import SmallCall, SmallRead


@procedure(
    "com.atproto.server.createAppPassword",
    auth=Auth.account(FULL),
    scope=app_scopes.NONE,
    limits=(rate_limits.CREATE_APP_PASSWORD,),
)
def create_app_password(call: Call) -> Answer:
    row, password = app_passwords.create(
        own_account(call),
        call.input["name"],
        is_privileged=call.input.get("privileged", False),
    )
    return {**_listed(row), "password": password}


def _ask_for_own(call: SmallCall) -> Question | None:
    caller = call.caller
    return app_passwords.ask(call.host, caller.did, caller.session) if caller else None


def _own(_call: SmallCall, rows: Sequence[Row]) -> dict[str, Any] | None:
    found = app_passwords.listed(rows)
    return None if found is None else {"passwords": [_listed(row) for row in found]}


@query(
    "com.atproto.server.listAppPasswords",
    auth=Auth.account(),
    scope=app_scopes.NONE,
    small=SmallRead(_ask_for_own, _own),
)
def list_app_passwords(call: Call) -> Answer:
    return {"passwords": [_listed(row) for row in app_passwords.of_account(own_account(call))]}


@procedure("com.atproto.server.revokeAppPassword", auth=Auth.account(), scope=app_scopes.NONE)
def revoke_app_password(call: Call) -> Answer:
    app_passwords.revoke(own_account(call), call.input["name"])
    return None


def _listed(row: AppPassword | Listed) -> dict[str, Any]:
    return {
        "name": row.name,
        "createdAt": time_text(row.created_at),
        "privileged": row.is_privileged,
    }
