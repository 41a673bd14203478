"""Event streams: a consumer parses a cursor, follows an async iterator and sends bytes.

Source: atproto.com/specs/event-stream, and for JSON xrpc.streams.encodings. A refusal is an error
frame and close code 1008 with the error's name for its reason, a normal end is 1000. Pings come
from the server (server.web.serve sets uvicorn's). The host name decides whose stream it is, as
everywhere; nothing here queries anything.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import psycopg
import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from hosting.models import Host
from hosting.tenancy.routing import host_named, hostname_in, is_relay
from protocol.errors import XrpcError
from protocol.event_stream import frames
from relay import site
from repos.events.streams.budget import was_cut_off
from repos.events.streams.following import ConsumerTooSlow
from server.web.connections.websocket_protocol import BATCHES
from xrpc import (
    com_atproto,  # noqa: F401 - importing it declares its streams
    registry,
)
from xrpc.request import queries
from xrpc.response.errors import MethodNotImplemented
from xrpc.streams import encodings, relay, stream_metrics

# RFC 6455 section 7.4.1
CLOSE_NORMAL = 1000
CLOSE_REFUSED = 1008
CLOSE_FAULT = 1011

logger = structlog.stdlib.get_logger(__name__)


class SubscriptionConsumer(AsyncWebsocketConsumer):  # type: ignore[misc] # untyped there
    """One reader of one event stream."""

    _sending: "asyncio.Task[None] | None" = None
    _headers: list[tuple[bytes, bytes]] = []
    _subprotocol: str | None
    _nsid: str
    _sent: "stream_metrics.Sent"

    async def connect(self) -> None:
        self._nsid = self.scope["url_route"]["kwargs"]["nsid"]
        self._subprotocol = encodings.choose(self.scope.get("subprotocols", ()))
        name = hostname_of(self.scope)
        if is_relay(name):
            self._headers = [(b"server", site.SERVER.encode())]
            await self._open(None, relay.find(self._nsid))
            return
        host = await database_sync_to_async(host_named)(name)
        if host is None:
            await self.close()  # before the handshake is accepted: an HTTP 403
            return
        await self._open(host, registry.find_subscription(self._nsid))

    async def _open(self, host: Host | None, found: registry.Subscription | None) -> None:
        """Begin a stream, of a host's or of the relay's."""
        if found is None:
            # Readers see a frame and a close; a failed handshake tells nothing
            await self._accept()
            await self._refuse(MethodNotImplemented())
            return
        query = self.scope["query_string"].decode("latin-1")
        try:
            params = found.lexicon.parse_params(queries.read(query))
            batches = await found.open(host, params)
        except XrpcError as error:
            await self._accept()
            await self._refuse(error)
            return
        await self._accept()  # not before the stream has its place: what happens now is in it
        self._sending = asyncio.create_task(self._send_all(batches))

    async def _accept(self) -> None:
        await self.accept(self._subprotocol, headers=self._headers)

    async def disconnect(self, code: int) -> None:  # noqa: ARG002 - Channels' signature
        """The reader has gone, or we closed: stop following at once."""
        if self._sending is not None and self._sending is not asyncio.current_task():
            self._sending.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Readers have nothing to say; what they say is dropped."""

    async def _send_all(self, batches: AsyncGenerator[list[bytes], None]) -> None:
        with stream_metrics.subscriber(hostname_of(self.scope), self._nsid) as self._sent:
            await self._send_to_end(batches)

    async def _send_to_end(self, batches: AsyncGenerator[list[bytes], None]) -> None:
        try:
            refused = await self._follow(batches)
            # Nothing of the stream is held any more: a reader that was cut off may keep us waiting.
            if refused is None:
                await self.close(CLOSE_NORMAL)
            else:
                await self._refuse(refused)
        except psycopg.Error:
            logger.exception("an event stream ended because of a database error")
            await self.close(CLOSE_FAULT)
        except OSError:
            logger.debug("a reader disconnected without a close frame")

    async def _follow(self, batches: AsyncGenerator[list[bytes], None]) -> XrpcError | None:
        """Send all of a stream; why it broke off, if it did."""
        try:
            async with aclosing(batches):
                async for batch in batches:
                    await self._send_batch(batch)
                    self._sent.add(len(batch))
        except XrpcError as error:
            if isinstance(error, ConsumerTooSlow):
                self._sent.drop()
            return error.with_traceback(None)
        except asyncio.CancelledError:
            if not was_cut_off():
                raise
            self._sent.drop()
            return ConsumerTooSlow("This consumer reads nothing while others wait.")
        return None

    async def _send_batch(self, batch: list[bytes]) -> None:
        is_text = self._subprotocol == encodings.JSON
        if is_text:
            batch = [encodings.texts.of(self._nsid, frame) for frame in batch]
        if BATCHES in self.scope.get("extensions", {}):
            await self.base_send({"type": "websocket.send", "batch": batch, "is_text": is_text})
            return
        for message in batch:
            shown = {"text": message.decode()} if is_text else {"bytes": message}
            await self.base_send({"type": "websocket.send", **shown})

    async def _refuse(self, error: XrpcError) -> None:
        await self._send_batch([frames.error(error.name, error.message)])
        await self.close(CLOSE_REFUSED, error.name)


def hostname_of(scope: dict[str, Any]) -> str:
    """The name in the Host header; "" when there is none."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    return hostname_in(headers.get(b"host", b"").decode("latin-1"))
