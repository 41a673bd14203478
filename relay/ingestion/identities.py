"""Identities of accounts elsewhere: key, host and handle by their DID documents, remembered.

Asked on the event loop, so that a slow server holds no thread. A document that led to a refusal, or
of which a host says that it has changed, is asked for once more, but not twice within ASK_EVERY_S:
what was known before that is not believed for longer.
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
ASK_EVERY_S: Final = 1.0
FAILED_S: Final = 60.0  # after which what should be asked anew is, when nobody answered
MAX: Final = 200_000
AT_ONCE: Final = 256  # of which one host causes a few (preparing.SHARE)


@dataclass(slots=True)
class Identity:
    """What a DID document says: `host` by its name, `key` as did:key; "" for what it does not.

    Moments are of time.monotonic(): the question's, and from when on it is asked anew.
    """

    host: str
    key: str
    handle: str
    asked_at: float
    ask_again_at: float


class Identities:
    """Belongs to one event loop."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._known: OrderedDict[str, Identity] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Identity | None]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def find(self, did: str) -> Identity | None:
        """The identity, as it is remembered or asked for; None when nobody can say."""
        found = self._remembered(did)
        if found is not None and time.monotonic() < found.ask_again_at:
            return found
        return await self._asked(did) or self._kept(found)

    async def refresh(self, did: str) -> Identity | None:
        """The identity, asked anew unless it was within ASK_EVERY_S: then it is the next time after
        that. Where nobody can say it is what is remembered."""
        now = time.monotonic()
        found = self._remembered(did)
        if found is None or now - found.asked_at >= ASK_EVERY_S:
            found = await self._asked(did) or self._kept(found)
        if found is not None and found.asked_at < now:  # also by a question that was on its way
            found.ask_again_at = min(found.ask_again_at, now + ASK_EVERY_S)
        return found

    async def find_since(self, did: str, moment: float) -> Identity | None:
        """The identity by a question of that moment or later; None when nobody can say."""
        found = self._remembered(did)
        while found is None or found.asked_at < moment:
            if (found := await self._asked(did)) is None:
                return None
        return found

    def _remembered(self, did: str) -> Identity | None:
        found = self._known.get(did)
        if found is None or time.monotonic() - found.asked_at > KEPT_S:
            return None
        return found

    @staticmethod
    def _kept(found: Identity | None) -> Identity | None:
        """What is remembered, when it should have been asked anew and nobody answered."""
        if found is not None:
            found.ask_again_at = time.monotonic() + FAILED_S
        return found

    async def _asked(self, did: str) -> Identity | None:
        """The answer to a question of now, or to one that is on its way."""
        asking = self._asking.get(did)
        if asking is None:
            asking = self._asking[did] = asyncio.create_task(self._ask(did))
            asking.add_done_callback(lambda _: self._asking.pop(did, None))
        return await asyncio.shield(asking)

    async def _ask(self, did: str) -> Identity | None:
        try:
            async with self._room:
                asked_at = time.monotonic()
                document = DidDocument(await self._document(did))
        except (UnresolvedDid, NetworkUnavailable, RequestFailed):
            return None
        host = names.of_origin(document.pds)
        key, handle = document.signing_key or "", document.handle or ""
        self._known[did] = found = Identity(host, key, handle, asked_at, asked_at + KEPT_S)
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
