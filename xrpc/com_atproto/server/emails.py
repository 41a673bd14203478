"""com.atproto.server.*: the account's e-mail address. Source: the lexicons of that namespace.

Any session may have the address confirmed; only the main password changes it.
"""

from accounts.authentication import email_address, email_codes
from accounts.authentication.email_codes import Purpose
from xrpc import rate_limits
from xrpc.auth import app_scopes
from xrpc.auth.declared import FULL, Auth
from xrpc.auth.subjects import own_account
from xrpc.registry import procedure
from xrpc.request.call import Answer, Call


@procedure(
    "com.atproto.server.requestEmailConfirmation",
    auth=Auth.account(),
    scope=app_scopes.MANAGE_EMAIL,
    pool="remote",
    limits=(rate_limits.REQUEST_EMAIL_CONFIRMATION,),
)
def request_email_confirmation(call: Call) -> Answer:
    email_codes.mail(own_account(call), Purpose.CONFIRM_EMAIL)
    return None


@procedure(
    "com.atproto.server.confirmEmail",
    auth=Auth.account(),
    scope=app_scopes.MANAGE_EMAIL,
    limits=(rate_limits.UPDATE_EMAIL,),
)
def confirm_email(call: Call) -> Answer:
    email_address.confirm(own_account(call), call.input["email"], call.input["token"])
    return None


@procedure(
    "com.atproto.server.requestEmailUpdate",
    auth=Auth.account(FULL),
    scope=app_scopes.NONE,
    pool="remote",
    limits=(rate_limits.REQUEST_EMAIL_UPDATE,),
)
def request_email_update(call: Call) -> Answer:
    return {"tokenRequired": email_address.ask_to_change(own_account(call))}


@procedure(
    "com.atproto.server.updateEmail",
    auth=Auth.account(FULL),
    scope=app_scopes.NONE,
    limits=(rate_limits.UPDATE_EMAIL,),
)
def update_email(call: Call) -> Answer:
    wanted = email_address.Change(
        email=call.input["email"],
        code=call.input.get("token"),
        wants_factor=call.input.get("emailAuthFactor"),
    )
    email_address.change(own_account(call), wanted)
    return None
