"""Plain requests: what the event loop reads of one by itself.

A request that is not plain (a body, a header twice, parameters that the lexicon refuses, a host
that nobody looked up lately) is the dispatcher's, so that every refusal has one place.
"""

from collections.abc import Mapping
from typing import Any, Final

from hosting.models import Host
from hosting.tenancy import routing
from protocol.errors import XrpcError
from protocol.lexicon.methods import MethodType
from server.web.wsgi_environ import HEADER_MAX_BYTES, Scope
from xrpc.request import queries

# Headers that make a request not plain: a body, an exemption from limits.
_UNUSUAL: Final = frozenset({b"content-length", b"transfer-encoding", b"x-ratelimit-bypass"})


class NotPlain(Exception):
    """The dispatcher has to answer."""


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """The request's headers, each once. Raises NotPlain."""
    about: dict[bytes, bytes] = dict(scope["headers"])
    if len(about) != len(scope["headers"]) or not _UNUSUAL.isdisjoint(about):
        raise NotPlain
    if any(len(value) > HEADER_MAX_BYTES for value in about.values()):
        raise NotPlain
    return about


def host_of(about: Mapping[bytes, bytes]) -> Host:
    """The host of that name, as it was looked up within three seconds. Raises NotPlain."""
    name = routing.hostname_in(about.get(b"host", b"").decode("latin-1"))
    host = routing.remembered_host(name)
    if host is None:
        raise NotPlain
    return host


def params_of(lexicon: MethodType, scope: Scope) -> Mapping[str, Any]:
    """The query string by the lexicon, of texts that Postgres can hold. Raises NotPlain."""
    text = scope["query_string"].decode("latin-1")
    try:
        params = lexicon.parse_params(queries.read(text))
    except XrpcError:
        raise NotPlain from None
    if any(isinstance(value, str) and "\0" in value for value in params.values()):
        raise NotPlain
    return params
