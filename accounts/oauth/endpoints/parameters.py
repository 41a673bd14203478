"""Parameters of a request to the OAuth endpoints: a form or JSON, each once, bounded.

Source: RFC 6749 appendix B and section 3.1 ("MUST NOT be included more than once"). Clients of the
network may send JSON, too.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from django.core.handlers.wsgi import WSGIRequest

from accounts.oauth.errors import InvalidRequest
from protocol.untrusted_input import bounded_json
from server.net import media_types
from server.web.bodies.decoded_bodies import Body

LIMIT_BYTES: Final = 100 * 1024  # decoded
FIELDS_MAX: Final = 50
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def read(request: WSGIRequest) -> Mapping[str, str]:
    """The parameters; empty ones count as absent. Raises InvalidRequest, PayloadTooLarge,
    UnsupportedEncoding."""
    body = Body(request, LIMIT_BYTES)
    mime = media_types.plain(body.content_type)
    if mime not in (FORM, JSON):
        raise InvalidRequest(f"Content-Type must be {FORM} or {JSON}", status=415)
    text = body.read_all()
    given = _form(text) if mime == FORM else _json(text)
    if any("\0" in value for value in given.values()):
        raise InvalidRequest("A parameter has a null character")
    return {name: value for name, value in given.items() if value}


def _form(text: bytes) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(
            text.decode(), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX
        )
    except ValueError as error:
        raise InvalidRequest("The body is not a form of UTF-8, or has too many fields") from error
    given = dict(pairs)
    if len(given) != len(pairs):
        raise InvalidRequest("A parameter was sent twice")
    return given


def _json(text: bytes) -> Mapping[str, str]:
    try:
        given = bounded_json.loads(text)
    except ValueError as error:
        raise InvalidRequest("The body is not JSON") from error
    if not isinstance(given, dict) or len(given) > FIELDS_MAX:
        raise InvalidRequest("The body is not a JSON object of parameters")
    if not all(isinstance(value, str) for value in given.values()):
        raise InvalidRequest("Parameters must be strings")
    return given
