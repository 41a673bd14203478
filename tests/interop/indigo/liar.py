"""Hosts that lie: each lie by an account of its own, between two commits as they should be."""

import asyncio
import json
import threading
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.server import Request, Response, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from protocol import car, cbor, cid, tid
from protocol.did import plc, plc_data
from protocol.event_stream import frames
from protocol.event_stream.frames import Body, EventKind, RepoOp
from protocol.keys import SigningKey
from protocol.mst import Tree
from protocol.repo import commit

DAY_US = 86_400_000_000
COLLECTION = "com.example.thing"
TRICKLED = "trickled"  # in place of a message: see _trickling
Said = tuple[EventKind, Body]
Message = tuple[int, bytes | str]  # with its `seq`, or that for which it stands


@dataclass
class Repo:
    """A repository as its host would keep it, and its last commit's event."""

    did: str
    key: SigningKey
    root: bytes | None = None
    rev: str | None = None
    blocks: dict[bytes, bytes] = field(default_factory=dict)

    def commit(
        self,
        *,
        key: SigningKey | None = None,
        rev: str = "",
        said_rev: str = "",
        signed_did: str = "",
        prev_data: bytes | None = None,
        padding: int = 0,
        count: int = 1,
        has_ops: bool = True,
        has_records: bool = True,
    ) -> Said:
        """A commit that creates a record, or some; what is given is a lie."""
        before, tree = self.root, Tree(self.root, self.blocks)
        ops, records = [], []
        for number in range(count):
            value = {"$type": COLLECTION, "text": "x" * padding, "n": len(self.blocks) + number}
            record = cbor.encode(value)
            path = f"{COLLECTION}/{tid.encode(time.time_ns() // 1000 + number, 1)}"
            tree.put(path.encode(), cid.of_dag_cbor(record))
            ops.append(RepoOp("create", path, cid.of_dag_cbor(record)))
            records.append((cid.of_dag_cbor(record), record))
        self.root = tree.commit()
        self.blocks |= tree.new_blocks
        rev = rev or tid.encode(time.time_ns() // 1000, 1)
        signed = commit.sign(signed_did or self.did, rev, self.root, key or self.key)
        nodes = tree.new_blocks | tree.covering_proof([op.path.encode() for op in ops])
        blocks = [(signed.cid, signed.block), *nodes.items(), *(records if has_records else [])]
        since, self.rev = self.rev, rev
        body = frames.commit_body(
            repo=self.did,
            commit=signed.cid,
            rev=said_rev or rev,
            since=since,
            blocks=car.write(signed.cid, blocks),
            ops=ops if has_ops else [],
            prev_data=prev_data or before,
            time=now(),
        )
        return EventKind.COMMIT, body

    def sync(self, *, key: SigningKey | None = None, rev: str = "") -> Said:
        """A #sync of the newest tree; what is given is a lie."""
        rev = rev or tid.encode(time.time_ns() // 1000, 1)
        assert self.root is not None
        signed = commit.sign(self.did, rev, self.root, key or self.key)
        blocks = car.write(signed.cid, [(signed.cid, signed.block)])
        return EventKind.SYNC, frames.sync_body(did=self.did, rev=rev, blocks=blocks, time=now())


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def registered(url: str, plc_url: str, name: str) -> Repo:
    """An account whose DID names this host."""
    key = SigningKey.generate()
    did_key = key.did_key
    handle = f"{name}.{urlsplit(url).hostname}"
    genesis = plc.sign(plc_data.genesis([did_key], did_key, handle, url), key)
    did = plc.did_of(genesis)
    request = urllib.request.Request(
        f"{plc_url}/{did}", json.dumps(genesis).encode(), {"content-type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=30).close()
    return Repo(did, key)


def lies(url: str, plc_url: str, foreign_did: str) -> Iterator[tuple[str, str, list[Said]]]:
    """Each lie's name, its account, and events: a true commit, the lie, a true one after it."""
    tomorrow = tid.encode(time.time_ns() // 1000 + DAY_US, 1)
    yesterday = tid.encode(time.time_ns() // 1000 - DAY_US, 1)
    stranger = SigningKey.generate()
    told: dict[str, dict[str, Any]] = {
        "nothing": {},
        "signature": {"key": stranger},
        "old rev": {"rev": yesterday},
        "future rev": {"rev": tomorrow},
        "another rev inside": {"said_rev": tid.encode(time.time_ns() // 1000 + 1_000_000, 1)},
        "another repo inside": {"signed_did": foreign_did},
        "prevData": {"prev_data": cid.of_dag_cbor(b"\xa0")},
        "ops left out": {"has_ops": False},
        "records left out": {"has_records": False},
        "201 ops": {"count": 201},
    }
    for number, (name, lie) in enumerate(told.items()):
        repo = registered(url, plc_url, f"liar{number}")
        yield name, repo.did, around(repo, lie)
    for name, lie in {
        "#sync signature": {"key": stranger},
        "#sync old": {"rev": yesterday},
    }.items():
        repo = registered(url, plc_url, f"liar-{len(name)}")
        yield name, repo.did, [repo.commit(), repo.sync(**lie), repo.commit()]
    repo = registered(url, plc_url, "replay")
    first = repo.commit()
    yield "replay", repo.did, [first, first, repo.commit()]
    repo = registered(url, plc_url, "order")
    first, second, third = (repo.commit() for _ in range(3))
    yield "another order", repo.did, [first, third, second]
    yield "foreign DID", foreign_did, [Repo(foreign_did, stranger).commit()]
    gone = frames.account_body(did=foreign_did, time=now(), active=False, status="deleted")
    yield "foreign #account", foreign_did, [(EventKind.ACCOUNT, gone)]
    # The last one, because a relay may well hang up.
    repo = registered(url, plc_url, "large")
    yield "too large", repo.did, around(repo, {"padding": 2_100_000})


def around(repo: Repo, lie: dict[str, Any]) -> list[Said]:
    """A commit, the lie, and a commit as if it had not been told."""
    first = repo.commit()
    truth = repo.root, repo.rev
    lied = repo.commit(**lie)
    if lie:
        repo.root, repo.rev = truth
    return [first, lied, repo.commit()]


RUDE: Mapping[str, Callable[[Said], bytes | str]] = {
    "no-cbor": lambda _: b"\xff\xff\xff",
    "text": lambda _: "an event",
    "six-megabytes": lambda true: framed(true, 2) + bytes(6_000_000),
    "seq-backwards": lambda true: framed(true, 1),
    "unknown-kind": lambda _: b"\xa2atf#thingbop\x01" + b"\xa1cseq\x02",
    "slow": lambda _: TRICKLED,
}


def rudeness(name: str, url: str, plc_url: str) -> tuple[list[tuple[str, Said]], list[Message]]:
    """What a host says with something in the middle that no host should send: the true events
    around it and, where it is one, the one that comes when it should not; the messages."""
    repo, other = (registered(url, plc_url, each) for each in ("around", "between"))
    first, between, second = repo.commit(), other.commit(), repo.commit()
    messages = [(1, framed(first, 1)), (2, RUDE[name](between)), (3, framed(second, 3))]
    return [(repo.did, first), (other.did, between), (repo.did, second)], messages


def framed(said: Said, seq: int) -> bytes:
    kind, body = said
    return frames.frame(kind, body.data, body.seq_at, seq)


@dataclass
class LyingHost:
    """The host: answers what relays ask first, then tells what it is given to whoever listens."""

    port: int
    told: list[Message] = field(default_factory=list)
    is_listened_to: int = 0

    def start(self) -> "LyingHost":
        ready = threading.Event()

        async def run() -> None:
            async with serve(
                self._talk, "127.0.0.1", self.port, process_request=self._answer, max_size=None
            ):
                ready.set()
                await asyncio.Event().wait()

        threading.Thread(target=lambda: asyncio.run(run()), daemon=True).start()
        assert ready.wait(10)
        return self

    def tell(self, said: list[Said]) -> None:
        for each in said:
            seq = len(self.told) + 1
            self.told.append((seq, framed(each, seq)))

    async def _talk(self, connection: ServerConnection) -> None:
        self.is_listened_to += 1
        asked = connection.request.path if connection.request else ""
        cursor, at = int(asked.partition("cursor=")[2] or 0), 0
        with suppress(ConnectionClosed):  # a relay may hang up
            while True:
                for seq, message in self.told[at:]:
                    at += 1
                    if seq > cursor:
                        await connection.send(_trickling() if message == TRICKLED else message)
                await asyncio.sleep(0.05)

    @staticmethod
    def _answer(connection: ServerConnection, request: Request) -> Response | None:
        path = urlsplit(request.path).path
        if path.endswith("subscribeRepos"):
            return None
        said: dict[str, Any] = {"did": "did:web:liar.invalid", "availableUserDomains": []}
        if path.endswith("getRepoStatus"):
            said = {"did": request.path.partition("did=")[2].replace("%3A", ":"), "active": True}
        response = connection.respond(HTTPStatus.OK, json.dumps(said))
        del response.headers["Content-Type"]
        response.headers["Content-Type"] = "application/json"
        return response


async def _trickling() -> AsyncIterator[bytes]:
    """A message that never ends, a byte a second."""
    while True:
        yield b"\xa2"
        await asyncio.sleep(1)
