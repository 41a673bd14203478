"""com.atproto.server.*: passwords for apps. Source: the lexicons of that namespace.

Only the main password makes new ones; a session of any kind may list and revoke them.
"""

from typing import Any

from accounts.authentication import app_passwords
from accounts.models import AppPassword
from repos.events.append import time_text
from xrpc import rate_limits
from xrpc.auth import app_scopes
from xrpc.auth.declared import FULL, Auth
from xrpc.auth.subjects import own_account
from xrpc.registry import procedure, query
from xrpc.request.call import Answer, Call


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


@query("com.atproto.server.listAppPasswords", auth=Auth.account(), scope=app_scopes.NONE)
def list_app_passwords(call: Call) -> Answer:
    return {"passwords": [_listed(row) for row in app_passwords.of_account(own_account(call))]}


@procedure("com.atproto.server.revokeAppPassword", auth=Auth.account(), scope=app_scopes.NONE)
def revoke_app_password(call: Call) -> Answer:
    app_passwords.revoke(own_account(call), call.input["name"])
    return None


def _listed(row: AppPassword) -> dict[str, Any]:
    return {
        "name": row.name,
        "createdAt": time_text(row.created_at),
        "privileged": row.is_privileged,
    }
