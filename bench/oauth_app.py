"""An app and a browser for sign-ins by OAuth: what `bench.oauth_flow` drives, written for its cost.

The app is a development client with a DPoP key of its own, so that no server fetches its document.
"""

import http.client
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import orjson
from joserfc import jws
from joserfc.jwk import ECKey

from bench.compare.client import WrongAnswer
from bench.compare.servers import Server

CALLBACK: Final = "http://127.0.0.1/callback"
SCOPE: Final = "atproto transition:generic"
CLIENT_ID: Final = "http://localhost?" + urlencode({"redirect_uri": CALLBACK, "scope": SCOPE})
FORM: Final = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage  # names in any case
    body: bytes

    def json(self, status: int = 200) -> Any:
        """The body. Raises WrongAnswer for another status."""
        if self.status != status:
            raise WrongAnswer(f"{self.status}: {self.body[:300]!r}")
        return orjson.loads(self.body)


class Browser:
    """One keep-alive connection with its cookies, for people's pages and the app's calls."""

    def __init__(self, server: Server, issuer: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.address.port, timeout=60)
        self._host = urlsplit(issuer).netloc or server.address.host
        self.issuer = issuer
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """One request; `headers` with underscores for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Host"] = self._host
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self._connection.request(method, path, body, sent)
        answer = self._connection.getresponse()
        for each in answer.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: set_.value for name, set_ in SimpleCookie(each).items()}
        return Answer(answer.status, answer.headers, answer.read())


@dataclass(slots=True)
class App:
    """A development client with a DPoP key of its own."""

    browser: Browser
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))
    nonce: str = ""

    def post(self, path: str, given: Mapping[str, str]) -> Answer:
        """A form with a proof, once more when the server wants its nonce in it."""
        answer = self._posted(path, given)
        if answer.status == 400 and b"use_dpop_nonce" in answer.body:
            answer = self._posted(path, given)
        return answer

    def _posted(self, path: str, given: Mapping[str, str]) -> Answer:
        body = urlencode({"client_id": CLIENT_ID, **given}).encode()
        proof = self._proof("POST", f"{self.browser.issuer}{path}")
        answer = self.browser.ask("POST", path, body, Content_Type=FORM, DPoP=proof)
        self.nonce = answer.headers.get("DPoP-Nonce", self.nonce)
        return answer

    def _proof(self, method: str, url: str) -> str:
        claims = {"jti": secrets.token_hex(12), "htm": method, "htu": url, "iat": int(time.time())}
        if self.nonce:
            claims["nonce"] = self.nonce
        header = {"alg": "ES256", "typ": "dpop+jwt", "jwk": self.key.as_dict(private=False)}
        registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
        return jws.serialize_compact(header, orjson.dumps(claims), self.key, registry=registry)
