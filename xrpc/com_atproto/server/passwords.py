"""com.atproto.server.*: a new password by a mailed code. Source: the lexicons of that namespace.

An unknown address is told apart, as elsewhere in the network; the page for it
(`/account/reset-password`) tells nobody.
"""

from accounts.authentication import password_resets
from xrpc import rate_limits
from xrpc.auth.declared import Auth
from xrpc.registry import procedure
from xrpc.request.call import Answer, Call


@procedure(
    "com.atproto.server.requestPasswordReset",
    auth=Auth.none(),
    pool="remote",
    limits=(rate_limits.REQUEST_PASSWORD_RESET,),
)
def request_password_reset(call: Call) -> Answer:
    password_resets.ask_by_email(call.host, call.input["email"])
    return None


@procedure(
    "com.atproto.server.resetPassword",
    auth=Auth.none(),
    pool="slow",
    limits=(rate_limits.RESET_PASSWORD,),
)
def reset_password(call: Call) -> Answer:
    password_resets.reset(call.host, call.input["token"], call.input["password"])
    return None
