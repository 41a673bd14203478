"""com.atproto.server.*: what the host offers, signing up, sessions.

Source: the lexicons of that namespace. A DID document travels with every session, as we last saw
it, so that a client finds its host before any directory's cache is warm.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from accounts.authentication import sessions
from accounts.authentication.sessions import LoginContext, Tokens
from accounts.authentication.sign_in_alerts import Client
from accounts.identity import published_dids
from accounts.lifecycle.account_migration import move_in
from accounts.models import Account
from accounts.signup import sign_up
from accounts.status import public_status
from hosting.models import Host
from protocol.errors import InvalidRequest
from protocol.oauth import scopes
from server.database.prepared import Row
from xrpc import rate_limits
from xrpc.auth import app_scopes
from xrpc.auth.declared import Auth
from xrpc.auth.service_callers import prove, spending
from xrpc.auth.subjects import (
    ask_for_owner,
    blob_limit_bytes,
    handle_of,
    own_account,
    signed_in_owner,
)
from xrpc.proxy.forwardable_methods import relayed
from xrpc.proxy.plans import Composed, PoolWork
from xrpc.registry import procedure, query
from xrpc.request.call import Answer, Call, Caller
from xrpc.request.small_read import SmallCall, SmallRead
from xrpc.response.errors import AuthenticationRequired

_DESCRIPTION = "com.atproto.server.describeServer"
_ABOUT_EMAIL = ("email", "emailConfirmed", "emailAuthFactor")


@query(
    _DESCRIPTION,
    auth=Auth.none(),
    small=SmallRead(None, lambda call, _rows: _known_description(call.host)),
)
def describe_server(call: Call) -> Answer:
    return _description(call.host)


def _known_description(host: Host) -> bytes | None:
    """The description as text, made once for as long as the host is remembered."""
    if host.kept is None:
        return None
    text = host.kept.get(_DESCRIPTION)
    if text is None:
        text = host.kept[_DESCRIPTION] = orjson.dumps(_description(host))
    return text


def _description(host: Host) -> dict[str, Any]:
    """Clients take `phoneVerificationRequired` for "hand in a verificationCode": our captcha's. The
    host comes with its tenant and domains (hosting.tenancy.routing)."""
    return {
        "did": host.service_did,
        "availableUserDomains": [domain.name for domain in host.handle_domains.all()],
        "inviteCodeRequired": host.has_invites_required,
        "phoneVerificationRequired": host.admission == host.Admission.CAPTCHA,
        "blobUploadLimit": blob_limit_bytes(host),
        "links": _links(host),
        "contact": _given(email=host.tenant.support_email),
    }


@procedure(
    "com.atproto.server.createAccount",
    auth=Auth.user_service(),
    pool="remote",
    limits=(rate_limits.CREATE_ACCOUNT, rate_limits.PROVE_DID),
)
def create_account(call: Call) -> Answer:
    """Sign up with a new DID, or begin to move in with one that a service token proves: in another
    pool, because the server that knows whether it does may be anybody's."""
    asked = call.input
    if asked.get("plcOp") is not None:
        raise InvalidRequest('Unsupported input: "plcOp"')
    wanted = sign_up.SignUp(
        handle=asked["handle"],
        email=asked.get("email"),
        password=asked.get("password"),
        recovery_key=asked.get("recoveryKey"),
        invite_code=asked.get("inviteCode"),
        did=_shown_did(call),
        verification_code=asked.get("verificationCode"),
        address=call.address,
    )
    if wanted.did:
        move_in.check_before_proof(call.host, wanted)
        return relayed(PoolWork("lookup", lambda: _moved_in(call, wanted)))
    return _begun(call, sign_up.sign_up(call.host, wanted))


@procedure(
    "com.atproto.server.createSession",
    auth=Auth.none(),
    pool="slow",
    limits=(rate_limits.CREATE_SESSION,),
)
def create_session(call: Call) -> Answer:
    asked = call.input
    tokens = sessions.log_in(
        call.host,
        asked["identifier"],
        asked["password"],
        LoginContext(asked.get("authFactorToken", ""), call.address, call.agent),
        allow_takendown=asked.get("allowTakendown", False),
    )
    return {**_pair(tokens), **_session(tokens.account)}


@procedure(
    "com.atproto.server.refreshSession", auth=Auth.refresh(), limits=(rate_limits.REFRESH_SESSION,)
)
def refresh_session(call: Call) -> Answer:
    tokens = sessions.refresh(call.host, call.bearer)
    return {**_pair(tokens), **_session(tokens.account)}


def _own_session(call: SmallCall, rows: Sequence[Row]) -> dict[str, Any] | None:
    account = signed_in_owner(call, rows)
    if account is None or account.taken_down_at is not None:
        return None
    return _for_caller(_session(account), call.caller)


@query(
    "com.atproto.server.getSession",
    auth=Auth.account(),
    scope=app_scopes.ANY,
    small=SmallRead(ask_for_owner, _own_session),
)
def get_session(call: Call) -> Answer:
    """The address is for the owner, and for apps that may read it."""
    return _for_caller(_session(own_account(call)), call.caller)


def _for_caller(session: dict[str, Any], caller: Caller | None) -> dict[str, Any]:
    permissions = caller.permissions if caller else None
    if permissions is None or permissions.may_account(scopes.EMAIL, scopes.READ):
        return session
    return {name: value for name, value in session.items() if name not in _ABOUT_EMAIL}


@procedure("com.atproto.server.deleteSession", auth=Auth.refresh())
def delete_session(call: Call) -> Answer:
    sessions.end(call.host, call.bearer)
    return None


def _moved_in(call: Call, wanted: sign_up.SignUp) -> Composed:
    prove(call)
    with spending(call):
        account = move_in.move_in(call.host, wanted)
    return Composed(orjson.dumps(_begun(call, account)))


def _begun(call: Call, account: Account) -> dict[str, Any]:
    """A session for somebody who has just come."""
    tokens = sessions.begin_first(account, Client(call.address, call.agent))
    return {**_pair(tokens), **_identity(account)}


def _shown_did(call: Call) -> str:
    """The DID that wants to move in, not proven yet; empty for somebody who has none."""
    did: str = call.input.get("did", "")
    if did and (call.service is None or call.service.iss != did):
        raise AuthenticationRequired(f"Missing auth to create account with did: {did}")
    return did


def _pair(tokens: Tokens) -> dict[str, str]:
    return {"accessJwt": tokens.access_jwt, "refreshJwt": tokens.refresh_jwt}


def _identity(account: Account) -> dict[str, Any]:
    """`didDoc` is left out while the DID names another host: clients take it for where to go."""
    identity = {"did": account.did, "handle": handle_of(account)}
    document = published_dids.for_clients(account)
    return identity if document is None else {**identity, "didDoc": document}


def _session(account: Account) -> dict[str, Any]:
    shown = public_status(account)
    session = {
        **_identity(account),
        "email": account.email,
        "emailConfirmed": account.email_confirmed_at is not None,
        "emailAuthFactor": account.needs_email_code,
        "active": shown == Account.Status.ACTIVE,
    }
    return session if session["active"] else {**session, "status": shown}


def _links(host: Host) -> dict[str, str]:
    tenant = host.tenant
    return _given(
        privacyPolicy=tenant.privacy_policy_url, termsOfService=tenant.terms_of_service_url
    )


def _given(**texts: str) -> dict[str, str]:
    """Only what is filled in: an optional value is left out, never null or empty."""
    return {name: text for name, text in texts.items() if text}
