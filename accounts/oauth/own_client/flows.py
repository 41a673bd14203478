"""The way to another host's authorization server and back.

`begin` pushes the request and says where to send the browser; what the way back needs is in a
cookie of that browser, wrapped by the keyring, for ten minutes. `finish` takes it once: the state,
the issuer (RFC 9207) and the DID have to be those that it began with.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlencode

from joserfc.jwk import ECKey

from accounts.oauth.own_client import documents, keys, wrapped_values
from accounts.oauth.own_client.documents import PURPOSES, Purpose
from accounts.oauth.own_client.refusals import NoOAuth, ServerSilent, SignInLost, SignInRefused
from accounts.oauth.own_client.servers import AuthorizationServer
from accounts.oauth.own_client.sessions import Asking, Dpop, OAuthSession, read_tokens
from accounts.service_auth import replay_guard
from hosting.models import Host
from server.encryption.compact_jws import base64url

LASTS_S: Final = 600
LASTS: Final = timedelta(seconds=LASTS_S)
_OK: Final = 200
_PUSHED: Final = 201
_CODE_MAX_CHARS: Final = 2_048
_KIND: Final = "own-client"  # of marks
_URI_MAX_CHARS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Started:
    """Where to send the browser, and what its cookie is to hold for LASTS_S."""

    url: str
    cookie: str


def purpose(name: str, path: str, scope: str) -> Purpose:
    """Declare a purpose, once; its way back is in our client document from then on."""
    if name in PURPOSES:
        raise ValueError(f"There is a purpose {name} already")
    PURPOSES[name] = Purpose(name, path, scope)
    return PURPOSES[name]


def begin(
    host: Host,
    what_for: Purpose,
    server: AuthorizationServer,
    did: str,
    kept: Mapping[str, Any] | None = None,
) -> Started:
    """Push a request for the person of a DID. `kept`, small and JSON, comes back with `finish`.
    Raises NoOAuth, ServerSilent."""
    documents.check(host)
    verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    dpop = Dpop(keys.new())
    asking = Asking(host, what_for, server, dpop)
    form = {
        "response_type": "code",
        "redirect_uri": documents.redirect_uri(host, what_for),
        "scope": what_for.scope,
        "state": state,
        "code_challenge": base64url(sha256(verifier.encode()).digest()).decode(),
        "code_challenge_method": "S256",
        "login_hint": did,
    }
    uri = asking.asked(server.pushed_requests, form, _PUSHED).get("request_uri")
    if not isinstance(uri, str) or not 0 < len(uri) <= _URI_MAX_CHARS:
        raise ServerSilent("The authorization server gave no request_uri")
    name = documents.client_id(host, what_for)
    query = urlencode({"client_id": name, "request_uri": uri})
    joint = "&" if "?" in server.authorization else "?"
    cookie = wrapped_values.wrap(
        host,
        _kind(what_for),
        {
            "server": [server.issuer, server.pushed_requests, server.authorization],
            "endpoints": [server.tokens, server.revocation],
            "did": did,
            "state": state,
            "verifier": verifier,
            "key": dpop.key.as_dict(private=True),
            "nonces": dpop.nonces,
            "kept": kept or {},
        },
        LASTS_S,
    )
    return Started(f"{server.authorization}{joint}{query}", cookie)


def finish(
    host: Host, what_for: Purpose, cookie: str, answer: Mapping[str, str]
) -> tuple[OAuthSession, dict[str, Any]]:
    """The session that an answer at the way back leads to, and what `begin` kept. `answer` is the
    query. Raises SignInLost, SignInRefused, OtherPerson, ServerSilent."""
    began = wrapped_values.unwrap(host, _kind(what_for), cookie)
    server = AuthorizationServer(*began["server"], *began["endpoints"])
    given = answer.get("state", "")
    is_own = hmac.compare_digest(given.encode(errors="replace"), began["state"].encode())
    if not is_own or answer.get("iss", "") != server.issuer:
        raise SignInLost
    if not replay_guard.claim(host, _KIND, began["state"], began["until"]):
        raise SignInLost
    code = answer.get("code", "")
    if answer.get("error") or not 0 < len(code) <= _CODE_MAX_CHARS:
        raise SignInRefused
    dpop = Dpop(ECKey.import_key(began["key"]), dict(began["nonces"]))
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": documents.redirect_uri(host, what_for),
        "code_verifier": began["verifier"],
    }
    try:
        said = Asking(host, what_for, server, dpop).asked(server.tokens, form, _OK)
    except NoOAuth as refusal:
        raise SignInRefused(refusal.message) from refusal
    taken = read_tokens(said, began["did"])
    session = OAuthSession(
        host, what_for, server, began["did"], taken.scope, taken.access, taken.refresh, dpop
    )
    return session, began["kept"]


def _kind(what_for: Purpose) -> str:
    return f"{_KIND}:{what_for.name}"
