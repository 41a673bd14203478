"""Converts an ASGI scope to a WSGI environ (PEP 3333), as cheaply as possible."""

import sys
from typing import Any
from urllib.parse import unquote_to_bytes

from protocol.errors import XrpcError

Scope = dict[str, Any]
Environ = dict[str, Any]

_CONSTANT: Environ = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
    "wsgi.input_terminated": True,
}
_BARE = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}
IS_BUSY = "grove.is_busy"  # in an environ: too much waits already, only say so
HEADER_MAX_BYTES = 32_768  # one value; the largest honest ones are tokens of a few kilobytes
_names: dict[bytes, str] = {}  # header -> environ key, for the few that everybody sends
_NAMES_MAX = 500


class HeaderTooLarge(XrpcError):
    """431 (RFC 6585 section 5): a header value beyond HEADER_MAX_BYTES (httptools itself has no
    limit)."""

    status = 431
    message = "A request header is too large"


def environ_of(scope: Scope, body: object, length: int | None) -> Environ:
    """The environ of a request; `body` becomes `wsgi.input`, `length` (bytes, None: unknown)
    CONTENT_LENGTH. Repeated headers are joined.

    Headers with an underscore are dropped: in an environ `X_Real` would pass for `X-Real`. Raises
    HeaderTooLarge.
    """
    raw_path: bytes = scope["raw_path"]
    path = unquote_to_bytes(raw_path) if b"%" in raw_path else raw_path
    server = scope.get("server") or ("localhost", None)
    client = scope.get("client")
    environ = {
        **_CONSTANT,
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": path.decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1] or ""),
        "REMOTE_ADDR": client[0] if client else "",
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
    }
    for name, value in scope["headers"]:
        if b"_" in name:
            continue
        if len(value) > HEADER_MAX_BYTES:
            raise HeaderTooLarge
        key = _names.get(name) or _key_of(name)
        text = value.decode("latin-1")
        if key in environ:
            text = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}"
        environ[key] = text
    declared = environ.pop("CONTENT_LENGTH", None)
    # An empty body that is announced differs from none: it may be a blob of no bytes.
    if length or (length == 0 and declared is not None):
        environ["CONTENT_LENGTH"] = str(length)
    return environ


def _key_of(header: bytes) -> str:
    key = _BARE.get(header) or "HTTP_" + header.decode("latin-1").upper().replace("-", "_")
    if len(_names) < _NAMES_MAX:
        _names[header] = key
    return key
