"""com.atproto.temp.*: what helps people who sign up. Source: the lexicons of that namespace.

The others of the namespace are for providers with an entryway and are declined
(tests/house/test_lexicon_coverage.py).
"""

from collections.abc import Sequence
from typing import Any

from accounts.authentication import credential_rules
from accounts.signup import handle_availability
from accounts.signup.handle_availability import Suggestion
from protocol.errors import XrpcError
from server.database.prepared import Row
from xrpc.auth import app_scopes
from xrpc.auth.declared import Auth
from xrpc.auth.subjects import ask_for_owner, own_account, signed_in_owner
from xrpc.registry import query
from xrpc.request.call import Answer, Call
from xrpc.request.small_read import SmallCall, SmallRead

_RESULT = "com.atproto.temp.checkHandleAvailability#result"


class InvalidEmail(XrpcError):
    """400: an address that nobody could sign up with."""

    name = "InvalidEmail"


@query("com.atproto.temp.checkHandleAvailability", auth=Auth.none())
def check_handle_availability(call: Call) -> Answer:
    """Whatever is wrong with a handle, it cannot be had; the answer is what can be."""
    handle, email = call.params["handle"], call.params.get("email", "")
    _check_email(email)
    try:
        handle_availability.check(call.host, handle)
    except XrpcError:
        others = handle_availability.suggestions(call.host, handle, email)
        result = {"$type": f"{_RESULT}Unavailable", "suggestions": [_view(one) for one in others]}
        return {"handle": handle, "result": result}
    return {"handle": handle, "result": {"$type": f"{_RESULT}Available"}}


def _is_through(call: SmallCall, rows: Sequence[Row]) -> dict[str, Any] | None:
    account = signed_in_owner(call, rows)
    return None if account is None or account.taken_down_at is not None else {"activated": True}


@query(
    "com.atproto.temp.checkSignupQueue",
    auth=Auth.account(),
    scope=app_scopes.NONE,
    small=SmallRead(ask_for_owner, _is_through),
)
def check_signup_queue(call: Call) -> Answer:
    """Whoever has a session is through: sign-ups that wait here have no DID and no session."""
    own_account(call)
    return {"activated": True}


def _check_email(email: str) -> None:
    try:
        if email:
            credential_rules.checked_email(email)
    except credential_rules.EmailRefused as refusal:
        raise InvalidEmail(refusal.message) from None


def _view(suggestion: Suggestion) -> dict[str, Any]:
    return {"handle": suggestion.handle, "method": suggestion.method}
