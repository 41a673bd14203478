"""com.atproto.server.getServiceAuth: a token by which the caller speaks to a service directly.

Source: the lexicon of that method. The audience is put into the token as it was asked for, with or
without `#service`. Whoever was taken down or is suspended, with
the whole tenant or alone, gets one token only: to move to another host.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from accounts.authentication.session_tokens import TAKENDOWN_SCOPE, InvalidToken
from accounts.identity.keys import signing_keys
from accounts.models import Account
from accounts.service_auth import tokens
from accounts.status import refuse_withheld
from hosting.tenancy import suspension
from protocol.errors import InvalidRequest, XrpcError
from protocol.oauth.permissions import Permissions
from protocol.syntax import is_network_did, is_service_reference
from server.database.prepared import Row
from xrpc.auth.app_scopes import ScopeRule
from xrpc.auth.declared import FULL, LEAVING, PRIV, STANDARD, Auth
from xrpc.auth.subjects import ask_for_owner, own_account_as_it_is, signed_in_owner
from xrpc.proxy import methods, rpc_scopes
from xrpc.registry import query
from xrpc.request.call import Answer, Call, Caller
from xrpc.request.small_read import SmallCall, SmallRead

METHODLESS_LIFETIME_S = 60


class BadExpiration(InvalidRequest):
    """400: the token would have ended already, or lives too long."""

    name = "BadExpiration"


class NotForControllers(XrpcError):
    """403: a token by which the account could move away, or do anything at all."""

    name = "Forbidden"
    status = 403
    message = "Who acts for an account gets tokens for named methods only, and not to move it"


def _check_scope(permissions: Permissions, call: Call) -> None:
    rpc_scopes.check(permissions, call.params.get("lxm", "*"), call.params["aud"])


_MINTING: Final = ScopeRule("`rpc:` of what the token is for", _check_scope)


def _own_token(call: SmallCall, rows: Sequence[Row]) -> dict[str, str] | None:
    """Where the account's key is at hand, and no controller asks, whose deed is written down."""
    account = signed_in_owner(call, rows)
    if account is None or (call.caller is not None and call.caller.actor):
        return None
    if signing_keys.known_signing_key(account.signing_did_key, account.did) is None:
        return None
    _check_audience(call.params["aud"])
    return _token(account, call.caller, call.params)


@query(
    "com.atproto.server.getServiceAuth",
    auth=Auth.account(STANDARD | LEAVING),
    scope=_MINTING,
    small=SmallRead(ask_for_owner, _own_token),
)
def get_service_auth(call: Call) -> Answer:
    _check_audience(call.params["aud"])
    return _token(own_account_as_it_is(call), call.caller, call.params)


def _token(account: Account, caller: Caller | None, asked: Mapping[str, Any]) -> dict[str, str]:
    audience, lxm = asked["aud"], asked.get("lxm")
    _check_status(account, caller, lxm)
    _check_method(caller, lxm)
    return {"token": tokens.mint(account, audience, lxm, _lifetime_s(asked.get("exp"), lxm))}


def _check_audience(audience: str) -> None:
    if not (is_network_did(audience) or is_service_reference(audience)):
        raise InvalidRequest("aud must be a valid atproto DID or did#serviceId reference")


def _check_status(account: Account, caller: Caller | None, lxm: str | None) -> None:
    if lxm is not None and methods.is_create_account(lxm):
        return
    if caller is not None and caller.scope == TAKENDOWN_SCOPE:
        raise InvalidToken("Bad token scope")
    suspension.refuse_suspended(account.host)
    refuse_withheld(account)


def _check_method(caller: Caller | None, lxm: str | None) -> None:
    if caller is not None and caller.actor and (lxm is None or methods.is_create_account(lxm)):
        raise NotForControllers
    if lxm is None:
        return
    if methods.is_protected(lxm):
        raise InvalidRequest(
            f"cannot request a service auth token for the following protected method: {lxm}"
        )
    if caller is None or caller.permissions is not None:
        return  # an app's permissions were looked at
    scope = caller.scope
    is_beyond_it = methods.needs_privilege(lxm) and scope not in PRIV | LEAVING
    if is_beyond_it or (methods.is_for_admins(lxm) and scope not in FULL):
        raise InvalidRequest(
            "insufficient access to request a service auth token for the following method: " + lxm
        )


def _lifetime_s(expires_at: int | None, lxm: str | None) -> int:
    if expires_at is None:
        return tokens.LIFETIME_S
    lifetime_s = expires_at - int(time.time())
    if lifetime_s < 0:
        raise BadExpiration("expiration is in past")
    if lifetime_s > tokens.MAX_LIFETIME_S:
        raise BadExpiration(
            "cannot request a token with an expiration more than an hour in the future"
        )
    if lxm is None and lifetime_s > METHODLESS_LIFETIME_S:
        raise BadExpiration(
            "cannot request a method-less token with an expiration more than a minute in the future"
        )
    return lifetime_s
