"""An OpenID provider at a patched network, made by hand: a test may spoil whatever it says."""

import base64
import hashlib
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
from joserfc import jws
from joserfc.jwk import ECKey

from accounts.models import OpenIdProvider
from accounts.oauth.openid import discovery
from hosting.models import Tenant
from server.encryption import keyring
from server.net import http_client

ISSUER = "https://login.example"
CLIENT_ID = "grove"
SECRET = "a secret of the client"
CLAIMS = {"sub": "u1", "preferred_username": "Wilma", "email": "wilma@corp.example"}


def of_tenant(tenant: Tenant, **changes: Any) -> OpenIdProvider:
    """The settings that lead there."""
    fields = {
        "name": "Corp",
        "issuer": ISSUER,
        "client_id": CLIENT_ID,
        "client_secret": keyring.wrap(SECRET.encode()),
        "is_admitting": True,
    }
    return OpenIdProvider.objects.create(tenant=tenant, **{**fields, **changes})


def new_key(kid: str = "k1") -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid})


@dataclass
class Provider:
    """What the provider answers, and what it was asked."""

    claims: dict[str, Any] = field(default_factory=lambda: dict(CLAIMS))
    key: ECKey = field(default_factory=new_key)
    published: list[dict[str, Any]] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    said: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    failure: Exception | None = None
    token: dict[str, Any] = field(default_factory=dict)  # claims that replace good ones
    id_token: str = ""
    userinfo: dict[str, Any] | None = None
    asked: list[tuple[str, str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    nonce: str = ""
    challenge: str = ""

    def __post_init__(self) -> None:
        for url in (f"{ISSUER}{discovery.WELL_KNOWN}", f"{ISSUER}/jwks"):
            discovery.DOCUMENTS.forget(url)

    def request(self, method: str, url: str, **given: Any) -> http_client.Answer:
        """In place of http_client.request."""
        path = urlsplit(url).path
        form = dict(parse_qsl((given.get("body") or b"").decode()))
        self.asked.append((method, path, form, dict(given.get("headers") or {})))
        if self.failure is not None:
            raise self.failure
        if path in self.said:
            status, body = self.said[path]
            if len(body) > given.get("max_bytes", 1_000_000):
                raise http_client.TooLarge(given["max_bytes"], status)
            return http_client.Answer(status, {}, body)
        return http_client.Answer(200, {}, orjson.dumps(self._answer(path, form)))

    def sent_to(self, url: str) -> dict[str, str]:
        """The browser is sent here; it comes back with this query."""
        asked = dict(parse_qsl(urlsplit(url).query))
        self.nonce, self.challenge = asked["nonce"], asked["code_challenge"]
        return {"code": "a code", "state": asked["state"], "iss": ISSUER}

    def sign(self, claims: dict[str, Any], key: Any = None, **header: Any) -> str:
        whole = {"alg": "ES256", "kid": "k1", **header}
        registry = jws.JWSRegistry(algorithms=[whole["alg"]], strict_check_header=False)
        return jws.serialize_compact(
            whole, orjson.dumps(claims), key or self.key, registry=registry
        )

    def good_claims(self) -> dict[str, Any]:
        now = int(time.time())
        own = {"iss": ISSUER, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "auth_time": now}
        return {**own, "nonce": self.nonce, **self.claims, **self.token}

    def _answer(self, path: str, form: dict[str, str]) -> dict[str, Any]:
        if path == discovery.WELL_KNOWN:
            return self._metadata()
        if path == "/jwks":
            public = {**self.key.as_dict(private=False), "kid": self.key.kid}
            return {"keys": [public] if self.published is None else self.published}
        if path == "/userinfo":
            return self.userinfo or {}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.challenge
        token = self.id_token or self.sign(self.good_claims(), kid=self.key.kid)
        return {"access_token": "an access token", "token_type": "Bearer", "id_token": token}

    def _metadata(self) -> dict[str, Any]:
        more = {} if self.userinfo is None else {"userinfo_endpoint": f"{ISSUER}/userinfo"}
        return {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/jwks",
            "response_types_supported": ["code"],
            **more,
            **self.metadata,
        }
