"""Prepares a batch for the writer: whom it is about, and the checks of each event by itself."""

import asyncio
import time
from collections.abc import Collection, Sequence
from typing import Final

from protocol.event_stream.frames import EventKind
from relay.ingestion.decisions import Prepared
from relay.ingestion.identities import Identities, Identity
from relay.verification.checks import Checked, Rejected
from relay.verification.envelope import Envelope
from relay.verification.pool import VerifierPool
from relay.verification.reasons import Reason

SHARE: Final = 8  # questions about DIDs that a host may cause at once, unless it says otherwise
_SIGNED = (EventKind.COMMIT, EventKind.SYNC)


class Preparer:
    """Belongs to one event loop."""

    def __init__(self, identities: Identities, pool: VerifierPool) -> None:
        self._identities = identities
        self._pool = pool

    async def prepare(
        self, host: str, events: Sequence[Envelope], share: int = SHARE
    ) -> list[Prepared]:
        """The events of a host, by its name, in their order; so many DIDs are asked for at once,
        since whoever makes up DIDs may also be slow to answer for them."""
        found = await self._identified(host, events, share)
        refusals = [_refusal(host, e, found.get(e.did)) for e in events]
        sound = [e for e, refusal in zip(events, refusals, strict=True) if refusal is None]
        outcomes = iter(await self._checked(host, sound, found))
        return [
            Prepared(e.kind, e.seq, e.did, refusal or next(outcomes))
            for e, refusal in zip(events, refusals, strict=True)
        ]

    async def are_at(self, host: str, dids: Collection[str]) -> set[str]:
        """Those of some accounts whose DIDs, asked after this was called, name this host."""
        now_s = time.monotonic()
        asking = (self._identities.find_since(did, now_s) for did in dids)
        pairs = zip(dids, await asyncio.gather(*asking), strict=True)
        return {did for did, now in pairs if now is not None and now.host == host}

    async def _identified(
        self, host: str, events: Sequence[Envelope], share: int
    ) -> dict[str, Identity]:
        """Who the events are about; asked anew where they may tell of a change, or come from
        another host than theirs."""
        changed = {e.did for e in events if e.kind not in _SIGNED}
        signed = {e.did for e in events if e.kind is not EventKind.IDENTITY}
        room = asyncio.Semaphore(share)

        async def find(did: str) -> tuple[str, Identity | None]:
            find = self._identities.refresh if did in changed else self._identities.find
            async with room:
                found = await find(did)
                if found is not None and found.host != host and did in signed:
                    found = await self._identities.refresh(did)
            return did, found

        pairs = await asyncio.gather(*map(find, changed | signed))
        return {did: identity for did, identity in pairs if identity is not None}

    async def _checked(
        self, host: str, events: Sequence[Envelope], found: dict[str, Identity]
    ) -> list[Checked | Rejected]:
        """The checks' outcomes; a signature that is wrong is tried with the key of this moment."""
        questions = [_question(e, found[e.did]) for e in events]
        outcomes = await self._pool.check(questions) if questions else []
        for place, outcome in enumerate(outcomes):
            if isinstance(outcome, Rejected) and outcome.reason is Reason.BAD_SIGNATURE:
                event = events[place]
                now = await self._identities.refresh(event.did)
                if now and now.host == host and now.key not in ("", questions[place][2]):
                    (outcomes[place],) = await self._pool.check([_question(event, now)])
        return outcomes


def _refusal(host: str, event: Envelope, identity: Identity | None) -> Rejected | None:
    if identity is None:
        return Rejected(Reason.UNRESOLVED_DID, "")
    if event.kind is EventKind.IDENTITY:
        return None
    if identity.host != host:
        return Rejected(Reason.FOREIGN_DID, identity.host)
    if event.kind in _SIGNED and not identity.key:
        return Rejected(Reason.NO_KEY, "")
    return None


def _question(event: Envelope, identity: Identity) -> tuple[int, bytes, str, bool]:
    keeps_handle = event.handle.lower() == identity.handle
    return int(event.kind), event.frame[event.body_at :], identity.key, keeps_handle
