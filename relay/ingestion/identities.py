"""Identities of accounts elsewhere: key, host and handle by their DID documents, remembered.

Asked on the event loop, so that a slow server holds no thread. A document that led to a refusal is
asked for once more before the refusal stands, but not twice within FRESH_S; one of which a host
says that it has changed, not twice within CHANGED_S.
"""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from accounts.identity.resolution import NetworkUnavailable, UnresolvedDid
from accounts.identity.resolution.documents import DOCUMENT_MAX_BYTES, HEADERS, place_of, read
from protocol.did.did_document import DidDocument
from relay.hosts import names
from server.net.http_client import Connections, Request, RequestFailed

KEPT_S: Final = 86_400.0
FRESH_S: Final = 1.0
CHANGED_S: Final = 1.0
MAX: Final = 200_000
AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True)
class Identity:
    """What a DID document says: `host` by its name, `key` as did:key; "" for what it does not."""

    host: str
    key: str
    handle: str
    asked_at: float


class Identities:
    """Belongs to one event loop."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._known: OrderedDict[str, Identity] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Identity | None]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    def known(self, did: str) -> Identity | None:
        """What is remembered, without asking."""
        found = self._known.get(did)
        if found is None or time.monotonic() - found.asked_at > KEPT_S:
            return None
        return found

    async def find(
        self, did: str, *, fresh: bool = False, has_changed: bool = False
    ) -> Identity | None:
        """The identity; None when nobody can say. `fresh` asks past what is older than FRESH_S,
        `has_changed` past what is older than CHANGED_S."""
        found = self.known(did)
        kept_s = CHANGED_S if has_changed else FRESH_S if fresh else KEPT_S
        if found is not None and time.monotonic() - found.asked_at < kept_s:
            return found
        asking = self._asking.get(did)
        if asking is None:
            asking = self._asking[did] = asyncio.create_task(self._ask(did))
            asking.add_done_callback(lambda _: self._asking.pop(did, None))
        return await asyncio.shield(asking)

    async def _ask(self, did: str) -> Identity | None:
        try:
            async with self._room:
                document = DidDocument(await self._document(did))
        except (UnresolvedDid, NetworkUnavailable, RequestFailed):
            return None
        host = names.of_origin(document.pds)
        key, handle = document.signing_key or "", document.handle or ""
        self._known[did] = found = Identity(host, key, handle, time.monotonic())
        self._known.move_to_end(did)
        if len(self._known) > MAX:
            self._known.popitem(last=False)
        return found

    async def _document(self, did: str) -> dict[str, object]:
        place = place_of(did)
        request = Request(
            "GET",
            place.url,
            HEADERS,
            is_ours=place.is_ours,
            timeout_s=settings.RESOLVE_TIMEOUT_S,
        )
        async with self._connections.ask(request) as reply:
            return read(did, reply.status, await reply.whole(DOCUMENT_MAX_BYTES))
