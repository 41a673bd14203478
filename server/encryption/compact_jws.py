"""Compact JWS: three segments of JSON and bytes, read by hand.

Source: RFC 7515 (compact serialization), as atproto.com/specs/xrpc "Inter-Service Authentication"
narrows it. Two algorithms, and no option that an attacker could choose.
"""

import base64
from dataclasses import dataclass
from typing import Any

import orjson

from protocol.errors import XrpcError
from protocol.untrusted_input import bounded_json

MAX_CHARS = 8192


class BadServiceToken(XrpcError):
    """401: no service token that this call can take. Subclasses say in what."""

    name = "BadJwt"
    status = 401


@dataclass(frozen=True)
class Token:
    """A token taken apart. `signed` is what the signature is over; nothing is verified yet."""

    header: dict[str, Any]
    payload: dict[str, Any]
    signed: bytes
    signature: bytes


def parse(jwt: str, max_chars: int = MAX_CHARS) -> Token:
    """Take a token apart. Raises BadServiceToken for what is none, or longer than any need be."""
    parts = jwt.encode(errors="replace").split(b".")
    if len(jwt) > max_chars or len(parts) != 3:
        raise BadServiceToken("poorly formatted jwt")
    header, payload, signature = parts
    try:
        signed = b".".join(parts[:2])
        return Token(object_in(header), object_in(payload), signed, from_base64url(signature))
    except ValueError:
        raise BadServiceToken("poorly formatted jwt") from None


def segment(value: dict[str, Any]) -> bytes:
    """A header or claims as one part of a token."""
    return base64url(orjson.dumps(value))


def base64url(data: bytes) -> bytes:
    """Base64 as RFC 7515 has it: url-safe, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def from_base64url(text: bytes) -> bytes:
    """What `base64url` made the text of. Raises ValueError."""
    return base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)


def object_in(part: bytes) -> dict[str, Any]:
    """The JSON object that is one part of a token. Raises ValueError."""
    value = bounded_json.loads(from_base64url(part))
    if not isinstance(value, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - of text, not of an argument
    return value
