"""Compact JWS of service tokens: three segments of JSON and bytes, read by hand.

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


def parse(jwt: str) -> Token:
    """Take a token apart. Raises BadServiceToken for what is none, or longer than any need be."""
    parts = jwt.split(".")
    if len(jwt) > MAX_CHARS or len(parts) != 3:
        raise BadServiceToken("poorly formatted jwt")
    header, payload, signature = (_decoded(part) for part in parts)
    return Token(_object(header), _object(payload), jwt.rpartition(".")[0].encode(), signature)


def segment(value: dict[str, Any]) -> bytes:
    """A header or claims as one part of a token."""
    return base64url(orjson.dumps(value))


def base64url(data: bytes) -> bytes:
    """Base64 as RFC 7515 has it: url-safe, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def from_base64url(text: bytes) -> bytes:
    """What `base64url` made the text of. Raises ValueError."""
    return base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _decoded(segment: str) -> bytes:
    try:
        return from_base64url(segment.encode(errors="replace"))
    except ValueError:
        raise BadServiceToken("poorly formatted jwt") from None


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = bounded_json.loads(data)
    except ValueError:
        raise BadServiceToken("poorly formatted jwt") from None
    if not isinstance(value, dict):
        raise BadServiceToken("poorly formatted jwt")
    return value
