"""Sockets of JSON streams: `/subscribe` as jetstream's version 1, and its version 2 by NSID.

Source: github.com/bluesky-social/jetstream (README of version 1; lexicon of
network.bsky.jetstream.subscribeEvents). A refusal before the handshake is a 400 with the protocol's
name. The host name decides whose events they are, as for the firehose: a host's, or all that the
relay has.
"""

import asyncio
from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import ClassVar, Final

import orjson
from channels.db import database_sync_to_async

from hosting.tenancy.routing import host_named, is_relay
from protocol.errors import InvalidRequest, XrpcError
from relay import site
from relay.events import json_stream, stream
from repos.events.json_streams import compression, encoding, filters, sources, subscriptions
from repos.events.json_streams.filters import Filter, Query
from repos.events.json_streams.sources import Source
from repos.events.json_streams.subscriptions import Start, Subscriber
from server.web.bodies.streams import encoded
from server.web.connections.websocket_protocol import BATCHES, HEAR
from xrpc.request import queries
from xrpc.streams import encodings
from xrpc.streams.consumers import CLOSE_REFUSED, SubscriptionConsumer, hostname_of

HEARD_BYTES: Final = 65_536 + 1_024  # one message of options of the largest size, and its frame
CURSOR_MAX: Final = 2**63 - 1
REASON_BYTES: Final = 123  # RFC 6455 section 5.5: of a close frame


class JsonStreamConsumer(SubscriptionConsumer):
    """One subscriber, of whichever version."""

    _compressed = False
    _subscriber: Subscriber
    _opening: "asyncio.Task[None] | None" = None

    async def connect(self) -> None:
        stream = await self._stream()
        if stream is None:
            await self.close()  # before the handshake is accepted: an HTTP 403
            return
        self._source, self._key = stream
        query = queries.read(self.scope["query_string"].decode("latin-1"))
        try:
            self._subscriber = self._subscriber_of(query)
            self._compressed = compression.is_wanted(query)
            self._start = await self._start_at(_cursor(query))
        except XrpcError as error:
            await self._answer(error)
            return
        if self._waits_for_options(query):
            await self._accept()
        else:
            batches = await self._begin()
            await self._accept()  # not before the stream has its place
            self._sending = asyncio.create_task(self._send_all(batches))

    async def _stream(self) -> tuple[Source, int] | None:
        """Whose events they are; None for a name that is no host's."""
        name = hostname_of(self.scope)
        if is_relay(name):
            self._headers = [(b"server", site.SERVER.encode())]
            return json_stream.EVENTS, stream.KEY
        host = await database_sync_to_async(host_named)(name)
        return None if host is None else (sources.HOSTS, host.pk)

    def _subscriber_of(self, query: Query) -> Subscriber:
        raise NotImplementedError

    async def _start_at(self, cursor: int | None) -> Start:
        raise NotImplementedError

    def _waits_for_options(self, _query: Query) -> bool:
        return False

    async def _begin(self) -> AsyncGenerator[list[bytes], None]:
        return await subscriptions.follow(self._source, self._key, self._subscriber, self._start)

    async def _answer(self, error: XrpcError) -> None:
        """Refuse before the handshake is accepted."""
        body = orjson.dumps({"error": error.name, "message": error.message})
        about = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        headers = encoded(about) + self._headers
        kind = "websocket.http.response"
        status = HTTPStatus.BAD_REQUEST
        await self.base_send({"type": f"{kind}.start", "status": status, "headers": headers})
        await self.base_send({"type": f"{kind}.body", "body": body})

    async def _send_batch(self, batch: list[bytes]) -> None:
        is_text = not self._compressed
        if self._compressed:
            batch = [compression.compressed(text) for text in batch]
        if BATCHES in self.scope.get("extensions", {}):
            await self.base_send({"type": "websocket.send", "batch": batch, "is_text": is_text})
            return
        for message in batch:
            shown = {"text": message.decode()} if is_text else {"bytes": message}
            await self.base_send({"type": "websocket.send", **shown})


class JetstreamConsumer(JsonStreamConsumer):
    """A subscriber of `/subscribe`, who may change what it wants by messages."""

    _subprotocol = None
    _nsid = "subscribe"

    def _subscriber_of(self, query: Query) -> Subscriber:
        return Subscriber(filters.of_query(query), encoding.message)

    async def _start_at(self, cursor: int | None) -> Start:
        return await subscriptions.start_at(self._source, self._key, cursor, is_strict=False)

    def _waits_for_options(self, query: Query) -> bool:
        return query.get("requireHello", ("",))[0] == "true"

    async def _accept(self) -> None:
        await super()._accept()
        if BATCHES in self.scope.get("extensions", {}):
            await self.base_send({"type": HEAR, "bytes": HEARD_BYTES})

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:  # noqa: ARG002
        """Take new options; the first begins a stream that waited for them."""
        if text_data is None:
            return
        try:
            wanted = filters.of_update(text_data)
        except InvalidRequest as error:
            await self._refuse(error)
            return
        if wanted is not None:
            await self._take(wanted)

    async def _take(self, wanted: Filter) -> None:
        self._subscriber.filter = wanted
        if self._sending is None:
            batches = await self._begin()
            self._sending = asyncio.create_task(self._send_all(batches))

    async def _refuse(self, error: XrpcError) -> None:
        reason = f"{error.name}: {error.message}".encode()[:REASON_BYTES].decode(errors="ignore")
        await self.close(CLOSE_REFUSED, reason)


class EventsConsumer(JsonStreamConsumer):
    """A subscriber of network.bsky.jetstream.subscribeEvents; what it says ends the stream."""

    _nsid = encoding.EVENTS_NSID
    _outdated: ClassVar[bytes] = orjson.dumps(
        {
            "$type": "message",
            "payload": {
                "$type": f"{encoding.EVENTS_NSID}#info",
                "name": "OutdatedCursor",
                "message": "Not all events since that moment are kept.",
            },
        }
    )

    def _subscriber_of(self, query: Query) -> Subscriber:
        offered = self.scope.get("subprotocols", ())
        self._subprotocol = encodings.JSON if encodings.JSON in offered else None
        return Subscriber(filters.of_events_query(query), encoding.enveloped)

    async def _start_at(self, cursor: int | None) -> Start:
        return await subscriptions.start_at(self._source, self._key, cursor, is_strict=True)

    async def _accept(self) -> None:
        await super()._accept()
        if self._start.is_outdated:
            await self._send_batch([self._outdated])

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:  # noqa: ARG002
        """Subscribers of this stream have nothing to say."""
        await self._refuse(InvalidRequest("This stream takes no messages."))

    async def _refuse(self, error: XrpcError) -> None:
        shown = {"$type": "error", "error": error.name, "message": error.message}
        await self._send_batch([orjson.dumps(shown)])
        await self.close(CLOSE_REFUSED, error.name)


def _cursor(query: Query) -> int | None:
    text = query.get("cursor", ("",))[0]
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= CURSOR_MAX):
        raise InvalidRequest("cursor is an integer: a number of an event, or Unix microseconds.")
    return int(text)
