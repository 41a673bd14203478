"""Inputs of methods: present or absent, of the declared type, and read by the lexicon.

Source: atproto.com/specs/xrpc; the limits and sentences are those clients meet elsewhere
(150 KiB of JSON by default, 1,000,000 bytes for record writes).
"""

from typing import Any

from protocol.errors import InvalidRequest
from protocol.untrusted_input import bounded_json
from server.net import media_types
from server.web.bodies.decoded_bodies import Body

JSON_LIMIT_BYTES = 150 * 1024
RECORD_LIMIT_BYTES = 1_000_000


def read_json(body: Body) -> Any:
    """The body as JSON. Raises InvalidRequest, PayloadTooLarge."""
    text = body.read_all()
    try:
        return bounded_json.loads(text)
    except bounded_json.TooManyValues as excess:
        raise InvalidRequest(f"The request body holds {excess}") from excess
    except ValueError as error:
        raise InvalidRequest(f"Could not parse the request body as JSON: {error}") from error


def check_content_type(content_type: str, declared: str) -> None:
    """Refuse a missing, multiple or foreign content type. `declared` is the lexicon's encoding."""
    if not content_type:
        raise InvalidRequest("Request encoding (Content-Type) required but not provided")
    if "," in content_type:
        raise InvalidRequest("Multiple Content-Type headers are not accepted")
    mime = media_types.plain(content_type)
    if "/" not in mime or declared not in ("*/*", mime):
        raise InvalidRequest(f"Wrong request encoding (Content-Type): {mime}")
