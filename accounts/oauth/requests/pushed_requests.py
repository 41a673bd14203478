"""Pushed authorization requests: checked when they come, kept for the browser that will open them.

Source: RFC 9126, RFC 7636 (S256 alone), RFC 9449 section 10 (`dpop_jkt`), and the names by which
clients of the network know refusals. Nothing is asked of anybody here: what only a person can
settle is settled by accounts.oauth.authorization.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from accounts.models import OAuthRequest
from accounts.oauth import opaque, scopes
from accounts.oauth.clients import redirect_uris, rules
from accounts.oauth.clients.authentication import ClientAuth
from accounts.oauth.clients.documents import Client
from accounts.oauth.errors import InvalidRequest, OAuthError
from accounts.oauth.requests.redirects import RESPONSE_MODES
from hosting.models import Host
from hosting.pages import languages
from protocol.syntax import is_did, is_handle
from server.database import model_rows
from server.encryption import digests

URI_PREFIX: Final = "urn:ietf:params:oauth:request_uri:"
LASTS: Final = timedelta(minutes=5)
TOLD_FOR: Final = timedelta(hours=12)  # that an opened request has expired
STATE_MAX_CHARS: Final = 8_192
# What an app may want asked (OpenID Connect Core section 3.1.2.1, Initiating User Registration).
NONE: Final = "none"
LOGIN: Final = "login"
CONSENT: Final = "consent"
SELECT_ACCOUNT: Final = "select_account"
CREATE: Final = "create"
PROMPTS: Final = (NONE, LOGIN, CONSENT, SELECT_ACCOUNT, CREATE)
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # of SHA-256
_NOT_HERE: Final = ("claims", "id_token_hint", "nonce", "request_uri")  # OpenID, JAR


@dataclass(frozen=True, slots=True)
class Pushed:
    """A request that was kept: how it is named, and for how many seconds it waits."""

    request_uri: str
    expires_in: int


def push(
    host: Host, client: Client, auth: ClientAuth, given: Mapping[str, str], dpop_jkt: str
) -> Pushed:
    """Keep a request of a client who proved itself; `dpop_jkt` is the key of its proof, empty for
    none. Raises OAuthError and its kinds."""
    is_trusted = rules.is_trusted_unless_blocked(host, client.client_id)
    parameters = _checked(host, client, given, is_trusted=is_trusted)
    uri = f"{URI_PREFIX}{opaque.new('req')}"
    pushed = OAuthRequest(
        host=host,
        uri_sha256=digests.sha256(uri),
        client_id=client.client_id,
        client=client.profile.stored(),
        client_auth=auth.stored(),
        dpop_jkt=_bound_key(given.get("dpop_jkt", ""), dpop_jkt),
        parameters=parameters,
        expires_at=timezone.now() + LASTS,
    )
    model_rows.insert(pushed)
    return Pushed(uri, int(LASTS.total_seconds()))


def forget_expired() -> None:
    """The sweep: requests that nobody answered, codes that nobody exchanged. Those that a browser
    opened are kept for a while, to lead a person who comes back late to the app."""
    now = timezone.now()
    OAuthRequest.objects.filter(expires_at__lt=now, device=None).delete()
    OAuthRequest.objects.filter(expires_at__lt=now - TOLD_FOR).delete()


def _checked(
    host: Host, client: Client, given: Mapping[str, str], *, is_trusted: bool
) -> dict[str, Any]:
    for name in _NOT_HERE:
        if name in given:
            raise InvalidRequest(f"The parameter {name} is not supported")
    if "request" in given:  # RFC 9101 section 7
        raise OAuthError("Request objects are not supported", name="request_not_supported")
    if "authorization_details" in given:
        raise OAuthError("Not supported", name="invalid_authorization_details")
    redirect_uri = redirect_uris.chosen(client.redirect_uris, given.get("redirect_uri"))
    _check_response(given)
    challenge = _challenge(given)
    parameters: dict[str, Any] = {
        "redirect_uri": redirect_uri,
        "code_challenge": challenge,
        "scope": " ".join(scopes.asked(host, given.get("scope", ""), client.scopes)),
        "prompt": _prompt(given.get("prompt", ""), is_anybody=client.is_public and not is_trusted),
        "login_hint": _login_hint(given.get("login_hint", "")),
        "response_mode": given.get("response_mode", ""),
        "language": languages.best(given.get("ui_locales", "").split()),
    }
    state = given.get("state")
    if state is not None:
        if len(state) > STATE_MAX_CHARS:
            raise InvalidRequest("state is too long")
        parameters["state"] = state
    return {name: value for name, value in parameters.items() if value or name == "state"}


def _check_response(given: Mapping[str, str]) -> None:
    kind = given.get("response_type")
    if kind is None:
        raise InvalidRequest("response_type is required")
    if kind != "code":
        raise OAuthError("response_type must be code", name="unsupported_response_type")
    if given.get("response_mode", RESPONSE_MODES[0]) not in RESPONSE_MODES:
        raise InvalidRequest(f"response_mode must be one of {', '.join(RESPONSE_MODES)}")


def _challenge(given: Mapping[str, str]) -> str:
    challenge = given.get("code_challenge", "")
    if not challenge:
        raise InvalidRequest("code_challenge is required")
    if given.get("code_challenge_method") != "S256":
        raise InvalidRequest("code_challenge_method must be S256")
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidRequest("code_challenge must be a SHA-256 in base64url (43 characters)")
    return challenge


def _prompt(prompt: str, *, is_anybody: bool) -> str:
    """What the pages will do. A public client that the tenant does not trust may be anybody: its
    consent is asked for every time."""
    if prompt and prompt not in PROMPTS:
        raise InvalidRequest(f"prompt must be one of {', '.join(PROMPTS)}")
    if not is_anybody:
        return prompt
    if prompt == NONE:
        raise InvalidRequest("prompt=none: consent is required of a public client")
    return prompt if prompt in (CREATE, LOGIN, SELECT_ACCOUNT) else CONSENT


def _login_hint(hint: str) -> str:
    lowered = hint.strip().lower()
    if lowered and not (is_handle(lowered) or is_did(lowered)):
        raise InvalidRequest("login_hint must be a handle or a DID")
    return lowered


def _bound_key(asked: str, proven: str) -> str:
    if asked and proven and asked != proven:
        raise InvalidRequest("dpop_jkt is not the key of the DPoP proof")
    if len(asked) > 64:  # RFC 7638: SHA-256 takes 43
        raise InvalidRequest("dpop_jkt must be a JWK thumbprint (RFC 7638)")
    return proven or asked
