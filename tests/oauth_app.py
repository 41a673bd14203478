"""An app that signs people in by OAuth, made by hand: nothing is hidden by a library.

It speaks to a host through Django's test client; the person's part is played by the verbs that the
pages call.
"""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson
from django.test import Client
from joserfc import jws
from joserfc.jwk import ECKey

from accounts.models import Account, OAuthDevice
from accounts.oauth import authorization, devices
from accounts.oauth.requests import opened_requests
from accounts.oauth.requests.redirects import Redirect
from hosting.models import Host

CALLBACK = "http://127.0.0.1:1234/callback"
GENERIC = "atproto transition:generic"


class Key:
    """A client's key, which signs proofs and assertions."""

    def __init__(self, alg: str = "ES256", curve: str = "P-256") -> None:
        self.alg = alg
        self.key = ECKey.generate_key(curve)
        self.jwk = self.key.as_dict(private=False)
        self.jkt = self.key.thumbprint()

    def sign(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        whole = {"alg": self.alg, **header}
        registry = jws.JWSRegistry(algorithms=[self.alg], strict_check_header=False)
        return jws.serialize_compact(whole, orjson.dumps(claims), self.key, registry=registry)

    def proof(self, method: str, url: str, nonce: str = "", token: str = "", **over: Any) -> str:
        """A DPoP proof; `over` replaces claims, and with `header` members of its header."""
        header = {"typ": "dpop+jwt", "jwk": self.jwk, **over.pop("header", {})}
        claims = {"jti": secrets.token_hex(12), "htm": method, "htu": url, "iat": int(time.time())}
        if nonce:
            claims["nonce"] = nonce
        if token:
            digest = hashlib.sha256(token.encode()).digest()
            claims["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        claims |= over
        return self.sign(header, {name: value for name, value in claims.items() if value != ""})


@dataclass
class App:
    """A development client at one host."""

    host: Host
    scope: str = GENERIC
    redirect_uri: str = CALLBACK
    key: Key = field(default_factory=Key)
    client_id: str = ""
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    tokens: dict[str, Any] = field(default_factory=dict)
    nonce: str = ""

    def __post_init__(self) -> None:
        if not self.client_id:
            redirect = self.redirect_uri.replace(":1234", "")
            query = urlencode({"redirect_uri": redirect, "scope": self.scope})
            self.client_id = f"http://localhost?{query}"

    # --- requests
    def post(self, path: str, given: dict[str, Any], *, key: Key | None = None, **meta: Any):
        """A form with a proof, once more with the nonce when that was lacking; `proof` replaces
        the header."""
        response = self.post_form(path, given, key or self.key, dict(meta))
        if response.status_code == 400 and response.json().get("error") == "use_dpop_nonce":
            response = self.post_form(path, given, key or self.key, dict(meta))
        return response

    def post_form(self, path: str, given: dict[str, Any], key: Key, meta: dict[str, Any]):
        proof = meta.pop("proof", None)
        if proof is None:
            proof = key.proof("POST", f"{self.host.origin}{path}", self.nonce)
        headers = {"HTTP_HOST": self.host.hostname, **({"HTTP_DPOP": proof} if proof else {})}
        response = Client(raise_request_exception=False).post(
            path,
            urlencode({name: value for name, value in given.items() if value is not None}),
            content_type="application/x-www-form-urlencoded",
            **headers,
            **meta,
        )
        self.nonce = response.headers.get("DPoP-Nonce", self.nonce)
        return response

    def par(self, **over: Any):
        """The answer of /oauth/par; None leaves a parameter out."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        given = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": "some state",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        meta = {name: over.pop(name) for name in ("key", "proof") if name in over}
        return self.post("/oauth/par", {**given, **over}, **meta)

    def token(self, **given: Any):
        """The answer of /oauth/token."""
        meta = {name: given.pop(name) for name in ("key", "proof") if name in given}
        return self.post("/oauth/token", {"client_id": self.client_id, **given}, **meta)

    def exchange(self, code: str, **over: Any):
        given = {"grant_type": "authorization_code", "code": code}
        given |= {"redirect_uri": self.redirect_uri, "code_verifier": self.verifier}
        return self.token(**{**given, **over})

    def refresh(self, refresh_token: str = "", **over: Any):
        wanted = refresh_token or self.tokens["refresh_token"]
        return self.token(grant_type="refresh_token", refresh_token=wanted, **over)

    def revoke(self, token: str, **over: Any):
        return self.post("/oauth/revoke", {"client_id": self.client_id, "token": token, **over})

    # --- the person
    def opened(self, device: OAuthDevice | None = None, **over: Any):
        """The request as its page opens it."""
        response = self.par(**over)
        assert response.status_code == 201, response.content
        browser = device or devices.create(self.host, "a browser").device
        uri = response.json()["request_uri"]
        opened = opened_requests.open_request(self.host, browser, self.client_id, uri)
        assert isinstance(opened, opened_requests.Opened), opened
        return opened

    def consented(self, account: Account, device: OAuthDevice | None = None, **over: Any):
        """Where the browser goes after the person signed in and agreed to everything."""
        opened = self.opened(device, **over)
        opened = authorization.sign_in(opened, account, is_remembered=True)
        ticked = authorization.question(opened).scopes
        return authorization.decide(opened, account, ticked)

    def signed_in(self, did: str, device: OAuthDevice | None = None, **over: Any) -> "App":
        """The app with tokens of a person of this host."""
        account = Account.objects.select_related("host").get(host=self.host, did=did)
        redirect = self.consented(account, device, **over)
        response = self.exchange(code_in(redirect))
        assert response.status_code == 200, response.content
        self.tokens = response.json()
        return self

    # --- methods
    def call(self, nsid: str, method: str = "GET", body: Any = None, **over: Any):
        """A method by DPoP, once more with the nonce when that was lacking. `over`: `token`,
        `scheme`, `key`, `params`, and claims of the proof."""
        response = self.send(nsid, method, body, dict(over))
        if response.status_code == 401 and b"use_dpop_nonce" in response.content:
            response = self.send(nsid, method, body, dict(over))
        return response

    def send(self, nsid: str, method: str, body: Any, over: dict[str, Any]):
        token = over.pop("token", self.tokens.get("access_token", ""))
        scheme, key = over.pop("scheme", "DPoP"), over.pop("key", self.key)
        params, proof = over.pop("params", {}), over.pop("proof", None)
        path = f"/xrpc/{nsid}"
        if proof is None:
            proof = key.proof(method, f"{self.host.origin}{path}", self.nonce, token, **over)
        data = {} if body is None else {"data": orjson.dumps(body)}
        data |= {} if body is None else {"content_type": "application/json"}
        response = Client(raise_request_exception=False).generic(
            method,
            path,
            QUERY_STRING=urlencode(params, doseq=True),
            HTTP_HOST=self.host.hostname,
            HTTP_AUTHORIZATION=f"{scheme} {token}",
            **({"HTTP_DPOP": proof} if proof else {}),
            **data,
        )
        self.nonce = response.headers.get("DPoP-Nonce", self.nonce)
        return response


def agreed(host: Host, account: Account, url: str) -> dict[str, str]:
    """What the browser brings back that was sent to a URL of the authorization endpoint, once the
    person signed in and agreed to everything."""
    asked = dict(parse_qsl(urlsplit(url).query))
    browser = devices.create(host, "a browser").device
    opened = opened_requests.open_request(host, browser, asked["client_id"], asked["request_uri"])
    opened = authorization.sign_in(opened, account, is_remembered=False)
    ticked = authorization.question(opened).scopes
    redirect = authorization.decide(opened, account, ticked)
    return dict(parse_qsl(urlsplit(redirect.location).query))


def code_in(redirect: object) -> str:
    """The code that a redirect brings."""
    assert isinstance(redirect, Redirect), redirect
    return dict(parse_qsl(urlsplit(redirect.location).query))["code"]
