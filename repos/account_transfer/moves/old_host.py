"""The client of a host that an account leaves, on behalf of its owner who signed in there.

Source: com.atproto.server.* and identity.*; the reference's and others' ways to refuse. What can go
wrong with each call: `old_host_calls`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final
from urllib.parse import urlencode

from accounts.oauth.own_client.refusals import ServerSilent, SessionEnded
from accounts.oauth.own_client.sessions import OAuthSession
from repos.account_transfer.moves.old_host_calls import (
    OldAnswerUnusable,
    OldCodeNeeded,
    OldHostRefused,
    OldHostSilent,
    OldPasswordNeeded,
    OldPasswordWrong,
    OldSessionEnded,
    call,
    json_object,
    token_in,
)
from server.net import http_client

DOWNLOAD_S: Final = 1_800.0  # at the most: a repo of a gigabyte over a slow line
_EXPIRED: Final = frozenset({"ExpiredToken", "InvalidToken", "invalid_token"})
_FORBIDDEN: Final = 403
_SCOPES_LACK: Final = frozenset({"ScopeMissingError", "InsufficientScope", "insufficient_scope"})
_SESSION_ENDED: Final = frozenset({"ExpiredToken", "InvalidToken", "AuthMissing", "AuthRequired"})


@dataclass
class OldHost:
    """A session at the old host: of a password, whose tokens are `access` and `refresh`, or by
    OAuth. Tokens change when they run out."""

    origin: str
    did: str
    access: str = ""
    refresh: str = ""
    email: str = ""
    handle: str = ""
    oauth: OAuthSession | None = None

    @property
    def tokens(self) -> tuple[str, str]:
        """The tokens as they are now."""
        if self.oauth is not None:
            return self.oauth.access, self.oauth.refresh
        return self.access, self.refresh

    def service_token(self, audience: str, method: str) -> str:
        """A token by which the DID proves itself to this host."""
        query = {"aud": audience, "lxm": method}
        return token_in(self._ask("GET", "com.atproto.server.getServiceAuth", query), "token")

    def repo(self, into: IO[bytes], max_bytes: int, timeout_s: float = DOWNLOAD_S) -> None:
        """The whole repo as a CAR. Raises OldHostFailed."""
        path = f"com.atproto.sync.getRepo?{urlencode({'did': self.did})}"
        self._call("GET", path, into=into, max_bytes=max_bytes, timeout_s=timeout_s)

    def preferences(self) -> list[dict[str, Any]]:
        """Those of its apps. Raises OldHostFailed, and OldAnswerUnusable for what is no list."""
        items = self._ask("GET", "app.bsky.actor.getPreferences").get("preferences")
        if not isinstance(items, list):
            raise OldAnswerUnusable("The old host's answer has no preferences")
        return [item for item in items if isinstance(item, dict)]

    def rotation_keys(self) -> frozenset[str]:
        """The keys by which that host may change the DID."""
        keys = self._ask("GET", "com.atproto.identity.getRecommendedDidCredentials")
        found = keys.get("rotationKeys", [])
        return frozenset(each for each in found if isinstance(each, str))

    def mail_code(self) -> None:
        """Have it mail the code that `sign` takes."""
        with self._needs_password():
            self._call("POST", "com.atproto.identity.requestPlcOperationSignature")

    def sign(self, code: str, wanted: Mapping[str, Any]) -> object:
        """The DID's next operation, signed by it; to be looked at before it is handed in."""
        body = {"token": code, **wanted}
        with self._needs_password():
            answer = self._ask("POST", "com.atproto.identity.signPlcOperation", body=body)
        return answer.get("operation")

    def deactivate(self) -> None:
        """The account there rests from now on."""
        self._call("POST", "com.atproto.server.deactivateAccount", body={})

    def _ask(
        self,
        verb: str,
        nsid: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        path = f"{nsid}?{urlencode(query)}" if query else nsid
        return json_object(self._call(verb, path, body=body))

    def _call(self, verb: str, path: str, **more: Any) -> bytes:
        """One call; once more under a new token when the old one has run out."""
        try:
            return call(self.origin, verb, path, send=self._send, **more)
        except OldHostRefused as refusal:
            if refusal.error not in _EXPIRED:
                raise
        self._renew()
        if (into := more.get("into")) is not None:
            into.seek(0)
            into.truncate()
        return call(self.origin, verb, path, send=self._send, **more)

    @contextmanager
    def _needs_password(self) -> Iterator[None]:
        """What an app may not do, its owner is asked to do by a password."""
        try:
            yield
        except OldHostRefused as refusal:
            is_scope = refusal.answered == _FORBIDDEN or refusal.error in _SCOPES_LACK
            if self.oauth is None or not is_scope:
                raise
            raise OldPasswordNeeded from refusal

    def _send(self, verb: str, url: str, **more: Any) -> http_client.Answer:
        if self.oauth is not None:
            return self.oauth.send(verb, url, **more)
        headers = {**more.pop("headers"), "Authorization": f"Bearer {self.access}"}
        return http_client.request(verb, url, headers=headers, **more)

    def _renew(self) -> None:
        if self.oauth is not None:
            self._renew_oauth(self.oauth)
            return
        bearer = {"Authorization": f"Bearer {self.refresh}"}
        try:
            answer = json_object(
                call(self.origin, "POST", "com.atproto.server.refreshSession", headers=bearer)
            )
        except OldHostRefused as refusal:
            if refusal.error in _SESSION_ENDED:
                raise OldSessionEnded from None
            raise
        self.access, self.refresh = token_in(answer, "accessJwt"), token_in(answer, "refreshJwt")

    def _renew_oauth(self, session: OAuthSession) -> None:
        try:
            session.renew()
        except SessionEnded:
            raise OldSessionEnded from None
        except ServerSilent as silent:
            raise OldHostSilent(silent.message) from silent


def of_oauth(origin: str, session: OAuthSession) -> OldHost:
    """The session of somebody who signed in there by OAuth."""
    return OldHost(origin, session.did, oauth=session)


def sign_in(origin: str, did: str, password: str, code: str = "") -> OldHost:
    """Sign in as the DID. Raises OldPasswordWrong, OldCodeNeeded, OldHostFailed."""
    body = {"identifier": did, "password": password}
    if code:
        body["authFactorToken"] = code
    try:
        answer = json_object(call(origin, "POST", "com.atproto.server.createSession", body=body))
    except OldHostRefused as refusal:
        if refusal.error == "AuthFactorTokenRequired":
            raise OldCodeNeeded(refusal.error, refusal.said) from None
        if refusal.error in {"AuthenticationRequired", "InvalidLogin"}:
            raise OldPasswordWrong(refusal.error, refusal.said) from None
        raise
    if answer.get("did") != did:
        raise OldHostSilent("The old host signed somebody else in")
    given = [answer.get(name) for name in ("email", "handle")]
    email, handle = (each[:320] if isinstance(each, str) else "" for each in given)
    access, refresh = token_in(answer, "accessJwt"), token_in(answer, "refreshJwt")
    return OldHost(origin, did, access, refresh, email, handle)
