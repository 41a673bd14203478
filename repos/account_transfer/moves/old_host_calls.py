"""Calls to a host that an account leaves: one request, its answer, and the ways in which it fails.

The host is untrusted and named by a DID document: each request is guarded as any untrusted URL,
bounded in time and size, and what it says is shown as its words, never acted upon.
"""

from collections.abc import Callable, Mapping
from typing import IO, Any, Final

import orjson
from django.utils.translation import gettext_lazy as _

from protocol.errors import XrpcError
from protocol.untrusted_input import bounded_json
from server.net import http_client

TIMEOUT_S: Final = 20.0
_TOKEN_MAX_CHARACTERS: Final = 8_192
_SAID_MAX_CHARACTERS: Final = 300
_ERROR_MAX_BYTES: Final = 10_000
_OK: Final = 200
_UNKNOWN_METHOD: Final = 501
Send = Callable[..., http_client.Answer]  # as http_client.request


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
        parsed = json_object(text[:_ERROR_MAX_BYTES])
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


def json_object(body: bytes) -> dict[str, Any]:
    """An answer's body. Raises OldAnswerUnusable."""
    try:
        value = bounded_json.loads(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise OldAnswerUnusable("The old host's answer makes no sense")
    return value


def token_in(answer: Mapping[str, Any], name: str) -> str:
    """A token in an answer; it goes into a header, so it has to look like one. Raises
    OldAnswerUnusable."""
    value = answer.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _TOKEN_MAX_CHARACTERS:
        raise OldAnswerUnusable(f"The old host's answer has no {name}")
    if not value.isascii() or not value.isprintable():
        raise OldAnswerUnusable(f"The old host's answer has no {name}")
    return value
