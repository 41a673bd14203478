"""The writer: batches of events into the relay's stream, one transaction each.

There is one: its connection holds the session's advisory lock, so that whoever lost the lock has
lost the connection. A transaction holds the events with their `seq`, the accounts' newest commits,
the hosts' cursors and what was refused: a kill at any moment loses and repeats nothing.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import psycopg

from protocol import tid
from protocol.event_stream.frames import Body, EventKind
from relay.ingestion import statements
from relay.ingestion.decisions import (
    AccountState,
    HostState,
    Known,
    Prepared,
    decide,
    is_open,
    status_body,
)
from relay.verification.checks import Checked, Rejected
from relay.verification.reasons import Reason
from repos.events.append import time_text
from repos.events.retention import DAYS_AHEAD
from server.cache import counters

INSIDE_BATCH: Final = 500
TOGETHER: Final = 1_000  # events of a transaction, about
WAITING: Final = 64  # batches
LAG_MAX_S: Final = 2**31 - 1


@dataclass(eq=False)
class Batch:
    """Events of one host in their order, `last_seq` being done with when they are written.

    `unsure` is the writer's answer: events whose account its host called inactive before, or that
    is known at another host, and what follows them of the same account, none of them counted, each
    with the host where its account is. They may be handed in again once DID and host were asked
    (`is_asked`).
    """

    host_id: int
    events: list[Prepared]
    last_seq: int | None
    is_asked: bool = False
    unsure: list[tuple[Prepared, int]] = field(default_factory=list)
    done: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


@dataclass
class _Outcome:
    """What a transaction writes."""

    events: list[tuple[int, str, int, int, bytes]] = field(default_factory=list)
    accepted: dict[int, int] = field(default_factory=dict)
    seqs: dict[int, int | None] = field(default_factory=dict)
    rejected: dict[tuple[int, str], list[Any]] = field(default_factory=dict)
    revs: dict[int, str] = field(default_factory=dict)  # of hosts' newest commits

    def take(self, host_id: int, event: Prepared, body: Body) -> None:
        self.events.append((host_id, event.did, int(event.kind), body.seq_at, body.data))
        self.accepted[host_id] = self.accepted.get(host_id, 0) + 1
        if isinstance(event.outcome, Checked) and event.outcome.rev:
            self.revs[host_id] = event.outcome.rev

    def forget(self, dids: set[str]) -> None:
        """Drop what these said in the same transaction."""
        is_content = (EventKind.COMMIT, EventKind.SYNC)
        self.events = [e for e in self.events if e[1] not in dids or e[2] not in is_content]

    def refuse(self, host_id: int, event: Prepared, why: Rejected) -> None:
        entry = self.rejected.setdefault((host_id, str(why.reason)), [0, "", ""])
        entry[:] = entry[0] + 1, event.did, why.detail[:300].replace("\0", "")


class Writer:
    """Belongs to one event loop; its connection is in the transaction of one batch at a time."""

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self._connection = connection
        self._lock = asyncio.Lock()
        self._waiting: asyncio.Queue[Batch] = asyncio.Queue(WAITING)

    async def lead(self) -> bool:
        """Whether this is the one writer now."""
        cursor = await self._connection.execute(statements.LEAD)
        found = await cursor.fetchone()
        if not (found and found[0]):
            return False
        await self._connection.execute(statements.ENSURE, (DAYS_AHEAD,))
        await self._connection.execute(statements.COUNTERS)
        return True

    async def submit(self, batch: Batch) -> None:
        """Write a batch; returns when it is committed."""
        await self._waiting.put(batch)
        await batch.done

    async def run(self) -> None:
        """Write what is handed in, until cancelled. Raises psycopg.Error."""
        while True:
            batches = [await self._waiting.get()]
            while not self._waiting.empty() and _size(batches) < TOGETHER:
                batches.append(self._waiting.get_nowait())
            try:
                async with self._lock, self._connection.transaction():
                    known, outcome = await self._write(batches)
            except BaseException:
                for batch in batches:
                    batch.done.cancel()  # whoever waits ends, too
                raise
            for batch in batches:
                if not batch.done.done():
                    batch.done.set_result(None)
            _count(known, outcome)

    async def take_inside(self) -> int:
        """Take our own hosts' next events; how many there were. Raises psycopg.Error."""
        async with self._lock:
            cursor = await self._connection.execute(statements.TAKE_INSIDE, (INSIDE_BATCH,))
            found = await cursor.fetchone()
            return int(found[0]) if found else 0

    async def tell_statuses(self) -> int:
        """Say in the stream what staff decided on accounts; how many. Raises psycopg.Error.

        What those said who are taken down is forgotten once more: events of ours that were on their
        way when staff forgot it are in the stream by now, and no more will be.
        """
        async with self._lock, self._connection.transaction():
            rows = await self._rows(statements.UNTOLD)
            if not rows:
                return 0
            outcome, now = _Outcome(), time_text(datetime.now(UTC))
            for _, did, host_id, status in rows:
                body = status_body(did, status, now)
                account = EventKind.ACCOUNT
                outcome.events.append((host_id, did, int(account), body.seq_at, body.data))
            silenced = [did for _, did, _, status in rows if status == "takendown"]
            await self._connection.execute(statements.ERASE, (silenced,))
            await self._append(outcome)
            await self._connection.execute(statements.TOLD, ([row[0] for row in rows],))
            return len(rows)

    async def _write(self, batches: Sequence[Batch]) -> tuple[Known, _Outcome]:
        known, banned = await self._known(batches)
        outcome = _Outcome()
        for batch in batches:
            _decide(batch, known, outcome, is_banned=batch.host_id in banned)
        await self._store_accounts(known.accounts.values())
        if known.erased:
            await self._connection.execute(statements.ERASE, ([*known.erased],))
            outcome.forget(known.erased)
        await self._append(outcome)
        await self._store_hosts(known.hosts.values(), outcome)
        return known, outcome

    async def _known(self, batches: Sequence[Batch]) -> tuple[Known, set[int]]:
        """What is stored of the accounts and hosts of some batches; the hosts that are banned.

        All hosts are locked before their accounts, as where staff change a limit; those of accounts
        that have no row are our own, whose limit nobody changes.
        """
        of_batches = list({batch.host_id for batch in batches})
        dids = list({event.did for batch in batches for event in batch.events})
        hosts = await self._rows(statements.HOSTS, (of_batches, dids))
        accounts = [AccountState(*row) for row in await self._rows(statements.ACCOUNTS, (dids,))]
        if new := list({*dids} - {each.did for each in accounts}):
            accounts += [AccountState(*row) for row in await self._rows(statements.OURS, (new,))]
        if others := {each.host_id for each in accounts}.difference(row[0] for row in hosts):
            hosts += await self._rows(statements.HOSTS, ([*others], []))
        known = Known(
            {each.did: each for each in accounts}, {row[0]: HostState(*row[:-1]) for row in hosts}
        )
        await self._read_heads(known)
        return known, {row[0] for row in hosts if row[-1]}

    async def _read_heads(self, known: Known) -> None:
        """Where the repos stand of accounts at our own hosts, so that one that moves out goes on
        from there, and not from what it said before."""
        ours = [did for did, a in known.accounts.items() if known.hosts[a.host_id].is_inside]
        for did, rev, head, data in await self._rows(statements.HEADS, (ours,)) if ours else ():
            account = known.accounts[did]
            if rev > account.rev:
                account.rev, account.head, account.data = rev, head, data

    async def _store_accounts(self, accounts: Iterable[AccountState]) -> None:
        changed = [each for each in accounts if each.is_changed]
        if new := [each for each in changed if not each.id]:
            columns = [
                [a.did, a.host_id, a.host_status, a.is_throttled, a.rev, a.head, a.data,
                 a.is_desynchronized] for a in new
            ]  # fmt: skip
            await self._connection.execute(statements.NEW_ACCOUNTS, _columns(columns))
        if old := [each for each in changed if each.id]:
            columns = [
                [a.id, a.host_id, a.host_status, a.rev, a.head, a.data, a.is_desynchronized]
                for a in old
            ]
            await self._connection.execute(statements.CHANGED_ACCOUNTS, _columns(columns))

    async def _append(self, outcome: _Outcome) -> None:
        if not outcome.events:
            return
        count = len(outcome.events)
        ((last_seq,), *_) = await self._rows(statements.COUNT, (count,))
        columns = _columns(outcome.events)
        await self._connection.execute(statements.EVENTS, (last_seq - count, *columns))
        await self._connection.execute(statements.NOTIFY, (str(last_seq),))

    async def _store_hosts(self, hosts: Iterable[HostState], outcome: _Outcome) -> None:
        seqs, accepted, lags = outcome.seqs, outcome.accepted, _lags(outcome.revs)
        rows = [
            (h.id, seqs.get(h.id), h.account_count, accepted.get(h.id, 0), lags.get(h.id))
            for h in hosts
        ]
        await self._connection.execute(statements.HEARD, _columns(rows))
        refused = [(*key, *entry) for key, entry in sorted(outcome.rejected.items())]
        if refused:
            await self._connection.execute(statements.REJECTED, _columns(refused))

    async def _rows(self, sql: bytes, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        cursor = await self._connection.execute(sql, params, binary=True)
        return await cursor.fetchall()


def _decide(batch: Batch, known: Known, outcome: _Outcome, *, is_banned: bool) -> None:
    """Decide a batch's events in their order, into the outcome; what follows an unsure one of the
    same account waits with it."""
    host = known.hosts.get(batch.host_id)
    if host is None:
        return
    if is_banned:
        for event in batch.events:
            outcome.refuse(batch.host_id, event, Rejected(Reason.DOMAIN_BANNED, ""))
        return
    last_seq, waiting = batch.last_seq, set()
    for event in batch.events:
        decided = None if event.did in waiting else decide(event, host, known)
        if isinstance(decided, Body):
            outcome.take(host.id, event, decided)
        elif decided is None or (not batch.is_asked and is_open(event, decided)):
            if not batch.unsure and last_seq is not None:
                last_seq = event.seq - 1  # not done with before that
            batch.unsure.append((event, known.accounts[event.did].host_id))
            waiting.add(event.did)
        else:
            outcome.refuse(host.id, event, decided)
    if last_seq is not None:
        outcome.seqs[host.id] = last_seq


def _count(known: Known, outcome: _Outcome) -> None:
    """Events by host and kind, for metrics."""
    found = Counter((event[0], event[2]) for event in outcome.events)
    for (host_id, kind), count in found.items():
        about = {"host": known.hosts[host_id].name, "kind": EventKind(kind).name.lower()}
        counters.add(counters.series("grove_relay_events_total", **about), count)


def _lags(revs: dict[int, str]) -> dict[int, int]:
    """How many seconds ago the hosts' newest commits were made, as their revs have it."""
    now_us = time.time_ns() // 1_000
    ages = {host_id: now_us - tid.decode(rev)[0] for host_id, rev in revs.items()}
    return {host_id: min(max(age // 1_000_000, 0), LAG_MAX_S) for host_id, age in ages.items()}


def _columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _size(batches: Iterable[Batch]) -> int:
    return sum(len(batch.events) for batch in batches)
