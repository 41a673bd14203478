"""A session at another host: requests that carry its access token and a proof, and its renewal.

Source: RFC 9449 sections 7 to 9 (nonces of each server), RFC 6749 section 6. A session is a value;
who keeps one keeps `dumped`, wrapped (server.encryption.keyring), and `loaded` makes it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Final
from urllib.parse import urlencode, urlsplit

import orjson
from joserfc.jwk import ECKey

from accounts.oauth.own_client import documents, keys
from accounts.oauth.own_client.documents import PURPOSES, Purpose
from accounts.oauth.own_client.refusals import NoOAuth, OtherPerson, ServerSilent, SessionEnded
from accounts.oauth.own_client.servers import AuthorizationServer, json_object
from hosting.models import Host
from server.net import http_client
from server.net.http_client import Answer

TIMEOUT_S: Final = 10.0
MAX_BYTES: Final = 65_536
_TOKEN_MAX_CHARS: Final = 8_192
_NONCE_MAX_CHARS: Final = 512
_OK: Final = 200
_NO_NONCE: Final = "use_dpop_nonce"
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass
class Dpop:
    """A key that proves requests, and the newest nonce of each server."""

    key: ECKey
    nonces: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, url: str, access_token: str = "", **more: Any) -> Answer:
        """One request with a proof; once more when the server wants another nonce. `more` as
        http_client.request takes it. Raises http_client.RequestFailed."""
        answer = self.send_once(method, url, access_token, **more)
        if not wants_nonce(answer, more.get("into")):
            return answer
        if (into := more.get("into")) is not None:
            into.seek(0)
            into.truncate()
        return self.send_once(method, url, access_token, **more)

    def send_once(self, method: str, url: str, access_token: str = "", **more: Any) -> Answer:
        """As `send`, but once."""
        parts = urlsplit(url)
        server = f"{parts.scheme}://{parts.netloc}"
        proof = keys.proof(self.key, method, url, self.nonces.get(server, ""), access_token)
        headers = {**more.get("headers", {}), "DPoP": proof}
        if access_token:
            headers["Authorization"] = f"DPoP {access_token}"
        answer = http_client.request(method, url, **{**more, "headers": headers})
        nonce = answer.headers.get("dpop-nonce", "")
        if 0 < len(nonce) <= _NONCE_MAX_CHARS and nonce.isascii() and nonce.isprintable():
            self.nonces[server] = nonce
        return answer


@dataclass(frozen=True, slots=True)
class Asking:
    """What it takes to ask an authorization server: who we are, and the key of the session."""

    host: Host
    purpose: Purpose
    server: AuthorizationServer
    dpop: Dpop

    def asked(self, url: str, given: Mapping[str, str], expected: int) -> Mapping[str, Any]:
        """The JSON answer to a form. Raises NoOAuth for a refusal, ServerSilent."""
        try:
            answer = self.post(url, given)
        except http_client.TooLarge as error:
            raise NoOAuth(f"{url} answered with too much") from error
        except http_client.RequestFailed as error:
            raise ServerSilent from error
        if answer.status >= 500:
            raise ServerSilent(f"The authorization server answered {answer.status}")
        value = json_object(answer.body, url)
        if answer.status != expected:
            error_name = str(value.get("error", ""))[:100]
            raise NoOAuth(f"The authorization server refused: {error_name or answer.status}")
        return value

    def post(self, url: str, given: Mapping[str, str]) -> Answer:
        """A form, once more with the nonce that it lacked; an assertion serves once, so the second
        has its own. Raises http_client.RequestFailed."""
        answer = self._post_once(url, given)
        return self._post_once(url, given) if wants_nonce(answer) else answer

    def _post_once(self, url: str, given: Mapping[str, str]) -> Answer:
        form = {**documents.proven(self.host, self.purpose, self.server.issuer), **given}
        return self.dpop.send_once(
            "POST",
            url,
            headers={"Content-Type": _FORM, "Accept": "application/json"},
            body=urlencode(form).encode(),
            timeout_s=TIMEOUT_S,
            max_bytes=MAX_BYTES,
        )


@dataclass
class OAuthSession:
    """Somebody who signed in at another host, for a purpose of ours."""

    host: Host
    purpose: Purpose
    server: AuthorizationServer
    did: str
    scope: str
    access: str
    refresh: str
    dpop: Dpop

    def send(self, method: str, url: str, **more: Any) -> Answer:
        """A request in their name. The status is the caller's to read. Raises
        http_client.RequestFailed."""
        return self.dpop.send(method, url, self.access, **more)

    def has(self, scope: str) -> bool:
        """Whether they granted a scope that was asked for."""
        return scope in self.scope.split()

    def renew(self) -> None:
        """New tokens for the old ones. Raises SessionEnded, ServerSilent."""
        if not self.refresh:
            raise SessionEnded
        given = {"grant_type": "refresh_token", "refresh_token": self.refresh}
        asking = Asking(self.host, self.purpose, self.server, self.dpop)
        try:
            answer = asking.asked(self.server.tokens, given, _OK)
        except NoOAuth as refusal:
            raise SessionEnded from refusal
        taken = read_tokens(answer, self.did)
        self.access, self.scope = taken.access, taken.scope
        self.refresh = taken.refresh or self.refresh

    def revoke(self) -> None:
        """Have the server forget it; what it answers changes nothing here."""
        if not self.server.revocation:
            return
        asking = Asking(self.host, self.purpose, self.server, self.dpop)
        try:
            asking.post(self.server.revocation, {"token": self.refresh or self.access})
        except http_client.RequestFailed:
            return

    def dumped(self) -> bytes:
        """All of it, to be wrapped."""
        server = self.server
        return orjson.dumps(
            {
                "host": self.host.pk,
                "purpose": self.purpose.name,
                "server": [server.issuer, server.pushed_requests, server.authorization],
                "endpoints": [server.tokens, server.revocation],
                "did": self.did,
                "scope": self.scope,
                "access": self.access,
                "refresh": self.refresh,
                "key": self.dpop.key.as_dict(private=True),
                "nonces": self.dpop.nonces,
            }
        )


def loaded(host: Host, dumped: bytes) -> OAuthSession:
    """A session that was kept, at the same host. Raises SessionEnded for another host's."""
    kept = orjson.loads(dumped)  # noqa: TID251 - our own text
    if kept["host"] != host.pk or kept["purpose"] not in PURPOSES:
        raise SessionEnded
    server = AuthorizationServer(*kept["server"], *kept["endpoints"])
    dpop = Dpop(ECKey.import_key(kept["key"]), dict(kept["nonces"]))
    purpose = PURPOSES[kept["purpose"]]
    said = (kept["did"], kept["scope"], kept["access"], kept["refresh"])
    return OAuthSession(host, purpose, server, *said, dpop)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token endpoint gave; `refresh` may be empty."""

    access: str
    refresh: str
    scope: str


def read_tokens(answer: Mapping[str, Any], did: str) -> Tokens:
    """The tokens of an answer, for this DID alone. Raises OtherPerson, ServerSilent."""
    if answer.get("sub") != did or "act" in answer:  # who acts for somebody is not them
        raise OtherPerson
    scope = answer.get("scope")
    is_bound = str(answer.get("token_type", "")).lower() == "dpop"
    if not is_bound or not isinstance(scope, str) or "atproto" not in scope.split():
        raise ServerSilent("The authorization server's answer is no session")
    refresh = answer.get("refresh_token")
    taken = (_token(answer.get("access_token")), _token(refresh) if refresh else "")
    return Tokens(*taken, scope[:_TOKEN_MAX_CHARS])


def _token(value: object) -> str:
    """A token goes into a header, so it has to look like one."""
    is_fit = isinstance(value, str) and 0 < len(value) <= _TOKEN_MAX_CHARS
    if not isinstance(value, str) or not is_fit or not value.isascii() or not value.isprintable():
        raise ServerSilent("The authorization server's answer has no token")
    return value


def wants_nonce(answer: Answer, into: IO[bytes] | None = None) -> bool:
    """Whether a server refused a proof for lack of the nonce that it gives now."""
    if answer.status not in (400, 401) or not answer.headers.get("dpop-nonce"):
        return False
    if _NO_NONCE in answer.headers.get("www-authenticate", ""):
        return True
    body = answer.body
    if into is not None:
        into.seek(0)
        body = into.read(MAX_BYTES)
    return _NO_NONCE.encode() in body[:MAX_BYTES]
