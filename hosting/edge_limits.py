"""Rate limits at the server's edge, before any thread: for pages, static files and sockets.

Calls of methods are charged by the dispatcher (xrpc.dispatch), to their host; pages, static files,
well-known documents, health checks and handshakes are charged here, to the platform. It runs on the
event loop, so it never asks Valkey: each process counts, and tells it soon. The reverse proxy's own
questions about certificates are not counted, nor is anybody who is exempt from limits.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import orjson
from django.conf import settings

from hosting import limits
from hosting.limits import Charge, ConcurrencyLimit, RateLimitExceeded
from hosting.limits.at_once import Slot
from hosting.pages.cors import OPEN_HEADERS
from hosting.tenancy.page_middleware import PROGRAM_PATHS
from hosting.tenancy.routing import PLATFORM_PATHS, hostname_in, is_call
from server.net.client_networks import WIDE_TIMES, client_of, network
from server.web import process_limits, proxy_headers
from server.web.bodies.streams import Message, Receive, Send, encoded
from server.web.wsgi_environ import Scope

App = Callable[[Scope, Receive, Send], Awaitable[None]]

SOCKETS_MAX: Final = process_limits.NETWORK_SOCKETS
_BYPASS: Final = b"x-ratelimit-bypass"


class EdgeLimits:
    """An ASGI application that lets in what its network may still ask for. `trusted` is
    GROVE_TRUSTED_PROXIES."""

    def __init__(self, app: App, trusted: str = "") -> None:
        self._app = app
        self._proxies = proxy_headers.parse_trusted(trusted)[1] if trusted else ()
        self._sockets = ConcurrencyLimit()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "websocket":
            await self._stream(scope, receive, send)
        elif kind == "http" and (not is_call(scope["path"]) or scope["method"] == "OPTIONS"):
            await self._answer(scope, receive, send)
        elif kind == "http" and limits.refused and (error := _refused_lately(scope)):
            await _refuse(scope, send, error, "http")
        else:
            await self._app(scope, receive, send)

    def refusal_of(self, scope: Scope) -> RateLimitExceeded | None:
        """Why this handshake would be refused now, if it would: to be asked before it costs more.
        Nothing is charged."""
        charges = self._charges(scope)
        refused = limits.refusal_of(charges) if charges else None
        return refused or self._sockets.refusal_of(_slots(scope))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            told = self._charge(scope)
        except RateLimitExceeded as error:
            await _refuse(scope, send, error, "http")
            return
        await self._app(scope, receive, _marking(send, told))

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A WebSocket, if its network may have one more; else 429 in place of the handshake."""
        try:
            self._charge(scope)
            with self._sockets.hold(_slots(scope)):
                await self._app(scope, receive, send)
        except RateLimitExceeded as error:
            await _refuse(scope, send, error, "websocket.http")

    def _charge(self, scope: Scope) -> Mapping[str, str]:
        """Charge a network; the headers that tell how its budget stands. Raises
        RateLimitExceeded."""
        charges = self._charges(scope)
        return limits.note(charges).headers if charges else {}

    def _charges(self, scope: Scope) -> tuple[Charge, ...]:
        path = scope["path"]
        address = _address(scope)
        # Whoever comes through a proxy has an address of their own: it asks for itself here
        if _is_exempt(scope) or (
            path in PLATFORM_PATHS and proxy_headers.is_among(address, self._proxies)
        ):
            return ()
        is_static = path.startswith(settings.STATIC_URL)
        bucket = limits.STATIC_FILES if is_static else limits.REQUESTS
        return limits.charges(bucket, (), network(address))


def _refused_lately(scope: Scope) -> RateLimitExceeded | None:
    asker = (network(_address(scope)), _header(scope, b"host"), scope["path"])
    error = limits.refused.of(asker)
    return None if error is None or _is_exempt(scope) else error


def _slots(scope: Scope) -> list[Slot]:
    if _is_exempt(scope):
        return []
    name, wide = client_of(_address(scope))
    host = hostname_in(_header(scope, b"host"))
    more = SOCKETS_MAX * WIDE_TIMES  # at all hosts together, and for the network around
    return [((name, host), SOCKETS_MAX), (name, more), (("wide", wide), more)]


def _marking(send: Send, told: Mapping[str, str]) -> Send:
    """`send`, with more headers in every answer."""
    more = encoded(list(told.items()))

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return marked


async def _refuse(scope: Scope, send: Send, error: RateLimitExceeded, kind: str) -> None:
    text = f"Too many requests. Try again in {error.headers['Retry-After']} seconds.\n"
    body, about = text.encode(), {"Content-Type": "text/plain; charset=utf-8"}
    if scope["path"].startswith(PROGRAM_PATHS):  # to programs: OAuth has a word of its own
        why = "error_description" if scope["path"].startswith("/oauth/") else "message"
        body = orjson.dumps({"error": error.name, why: error.message})
        about = {"Content-Type": "application/json", **OPEN_HEADERS}
    about["Content-Length"] = str(len(body))
    headers = encoded([*about.items(), *error.headers.items()])
    start: dict[str, Any] = {"type": f"{kind}.response.start", "status": error.status}
    await send({**start, "headers": headers})
    is_head = scope.get("method") == "HEAD"
    await send({"type": f"{kind}.response.body", "body": b"" if is_head else body})


def _is_exempt(scope: Scope) -> bool:
    return limits.is_exempt_client(_address(scope), _header(scope, _BYPASS) or None)


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _header(scope: Scope, name: bytes) -> str:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    return next((value.decode("latin-1") for each, value in headers if each == name), "")
