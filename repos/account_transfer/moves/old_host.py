"""The client of a host that an account leaves, on behalf of its owner who signed in there.

Source: com.atproto.server.* and identity.*; the reference's and others' ways to refuse. The host is
untrusted and named by a DID document: each request is guarded as any untrusted URL, bounded in time
and size, and what it says is shown as its words, never acted upon.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final
from urllib.parse import urlencode

import orjson
from django.utils.translation import gettext_lazy as _

from accounts.oauth.own_client.refusals import ServerSilent, SessionEnded
from accounts.oauth.own_client.sessions import OAuthSession
from protocol.errors import XrpcError
from protocol.untrusted_input import bounded_json
from server.net import http_client

TIMEOUT_S: Final = 20.0
DOWNLOAD_S: Final = 1_800.0  # at the most: a repo of a gigabyte over a slow line
_TOKEN_MAX_CHARACTERS: Final = 8_192
_SAID_MAX_CHARACTERS: Final = 300
_ERROR_MAX_BYTES: Final = 10_000
_OK: Final = 200
_UNKNOWN_METHOD: Final = 501
_EXPIRED: Final = frozenset({"ExpiredToken", "InvalidToken", "invalid_token"})
_FORBIDDEN: Final = 403
_SCOPES_LACK: Final = frozenset({"ScopeMissingError", "InsufficientScope", "insufficient_scope"})
Send = Callable[..., http_client.Answer]  # as http_client.request
_SESSION_ENDED: Final = frozenset({"ExpiredToken", "InvalidToken", "AuthMissing", "AuthRequired"})


class OldHostFailed(XrpcError):
    """502: the old host was no help; what it did is in the message."""

    name = "UpstreamFailure"
    status = 502


class OldHostSilent(OldHostFailed):
    """It does not answer, or not with anything that makes sense."""

    page_text = _("Your old host does not answer. Try again in a few minutes.")


class OldAnswerUnusable(OldHostSilent):
    """It answers with what makes no sense, or with more than is taken of it."""


class OldHostRefused(OldHostFailed):
    """400: it said no. `error` is its name for that."""

    status = 400

    def __init__(self, error: str, said: str, answered: int = 400) -> None:
        super().__init__(f"The old host answered: {said or error}")
        self.error = error
        self.said = said or error
        self.answered = answered  # its status

    def for_page(self) -> str:
        return str(_("Your old host answered: %s")) % self.said


class OldCodeNeeded(OldHostRefused):
    """It wants a code of a second factor."""

    field = "old_code"

    def for_page(self) -> str:
        return str(_("Your old host asks for a code: look into your mailbox or your app."))


class OldPasswordWrong(OldHostRefused):
    """Name and password do not belong together there."""

    field = "old_password"

    def for_page(self) -> str:
        return str(_("Your old host does not take this password."))


class OldPasswordNeeded(OldHostFailed):
    """400: it does not let an app do this, whatever its owner granted; a password would."""

    status = 400
    field = "old_password"
    message = "The old host does not take this from an app"
    page_text = _(
        "Your old host does not let an app do this. Enter your password there for this step."
    )


class OldSessionEnded(OldHostFailed):
    """400: what its owner signed in with has expired: sign in there once more."""

    status = 400
    page_text = _("You are not signed in at your old host any more. Sign in there once more.")


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
        return _text(self._ask("GET", "com.atproto.server.getServiceAuth", query), "token")

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
        return _object(self._call(verb, path, body=body))

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
            answer = _object(
                call(self.origin, "POST", "com.atproto.server.refreshSession", headers=bearer)
            )
        except OldHostRefused as refusal:
            if refusal.error in _SESSION_ENDED:
                raise OldSessionEnded from None
            raise
        self.access, self.refresh = _text(answer, "accessJwt"), _text(answer, "refreshJwt")

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
        answer = _object(call(origin, "POST", "com.atproto.server.createSession", body=body))
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
    access, refresh = _text(answer, "accessJwt"), _text(answer, "refreshJwt")
    return OldHost(origin, did, access, refresh, email, handle)


def call(  # noqa: PLR0913 - a call has that many parts
    origin: str,
    verb: str,
    path: str,
    *,
    send: Send | None = None,
    headers: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
    into: IO[bytes] | None = None,
    max_bytes: int = 1_000_000,
    timeout_s: float = TIMEOUT_S,
) -> bytes:
    """The body of a good answer; nothing with `into`, which gets it. `send` asks in somebody's
    name. Raises OldHostFailed."""
    sent = {"Accept": "*/*", **(headers or {})}
    if body is not None:
        sent["Content-Type"] = "application/json"
    try:
        answer = (send or http_client.request)(
            verb,
            f"{origin}/xrpc/{path}",
            headers=sent,
            body=None if body is None else orjson.dumps(body),
            into=into,
            max_bytes=max_bytes,
            timeout_s=timeout_s,
        )
    except http_client.TooLarge as fault:
        raise OldHostFailed(f"What the old host sends has more than {max_bytes} bytes") from fault
    except http_client.RequestFailed as fault:
        raise OldHostSilent("The old host does not answer") from fault
    if answer.status == _OK:
        return answer.body
    raise _refusal(answer, into)


def _refusal(answer: http_client.Answer, into: IO[bytes] | None) -> OldHostFailed:
    text = answer.body
    if into is not None:
        into.seek(0)
        text = into.read(_ERROR_MAX_BYTES)
    try:
        parsed = _object(text[:_ERROR_MAX_BYTES])
    except OldAnswerUnusable:
        parsed = {}
    if not parsed or (answer.status >= 500 and answer.status != _UNKNOWN_METHOD):
        return OldHostSilent(f"The old host answered {answer.status}")
    error, said = (_words(parsed.get(key, "")) for key in ("error", "message"))
    return OldHostRefused(error, said, answer.status)


def _words(said: object) -> str:
    """What it says as one line that may be kept and mailed: a text column takes no NUL."""
    text = str(said)[:_SAID_MAX_CHARACTERS]
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = bounded_json.loads(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise OldAnswerUnusable("The old host's answer makes no sense")
    return value


def _text(answer: Mapping[str, Any], name: str) -> str:
    """A token in an answer; it goes into a header, so it has to look like one."""
    value = answer.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _TOKEN_MAX_CHARACTERS:
        raise OldAnswerUnusable(f"The old host's answer has no {name}")
    if not value.isascii() or not value.isprintable():
        raise OldAnswerUnusable(f"The old host's answer has no {name}")
    return value
