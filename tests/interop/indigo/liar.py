"""A host that lies: each lie by an account of its own, between two commits as they should be."""

import asyncio
import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.server import Request, Response, ServerConnection, serve

from protocol import car, cbor, cid, tid
from protocol.did import plc, plc_data
from protocol.event_stream import frames
from protocol.event_stream.frames import Body, EventKind, RepoOp
from protocol.keys import SigningKey
from protocol.mst import Tree
from protocol.repo import commit

DAY_US = 86_400_000_000
COLLECTION = "com.example.thing"


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
        signed_did: str = "",
        prev_data: bytes | None = None,
        padding: int = 0,
        has_ops: bool = True,
    ) -> Body:
        """A commit that creates a record; what is given is a lie."""
        record = cbor.encode({"$type": COLLECTION, "text": "x" * padding, "n": len(self.blocks)})
        path = f"{COLLECTION}/{tid.encode(time.time_ns() // 1000, 1)}"
        before = self.root
        tree = Tree(self.root, self.blocks)
        tree.put(path.encode(), cid.of_dag_cbor(record))
        self.root = tree.commit()
        self.blocks |= tree.new_blocks
        rev = rev or tid.encode(time.time_ns() // 1000, 1)
        signed = commit.sign(signed_did or self.did, rev, self.root, key or self.key)
        nodes = tree.new_blocks | tree.covering_proof([path.encode()])
        blocks = [(signed.cid, signed.block), *nodes.items(), (cid.of_dag_cbor(record), record)]
        op = RepoOp("create", path, cid.of_dag_cbor(record))
        since, self.rev = self.rev, rev
        return frames.commit_body(
            repo=self.did,
            commit=signed.cid,
            rev=rev,
            since=since,
            blocks=car.write(signed.cid, blocks),
            ops=[op] if has_ops else [],
            prev_data=prev_data or before,
            time=now(),
        )


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


def lies(url: str, plc_url: str, foreign_did: str) -> Iterator[tuple[str, str, list[Body]]]:
    """Each lie's name, its account, and events: a true commit, the lie, a true one after it."""
    tomorrow = tid.encode(time.time_ns() // 1000 + DAY_US, 1)
    yesterday = tid.encode(time.time_ns() // 1000 - DAY_US, 1)
    nobody = cid.of_dag_cbor(b"\xa0")
    told: dict[str, dict[str, Any]] = {
        "nothing": {},
        "signature": {"key": SigningKey.generate()},
        "old rev": {"rev": yesterday},
        "future rev": {"rev": tomorrow},
        "other repo inside": {"signed_did": foreign_did},
        "prevData": {"prev_data": nobody},
        "ops left out": {"has_ops": False},
    }
    for number, (name, lie) in enumerate(told.items()):
        repo = registered(url, plc_url, f"liar{number}")
        yield name, repo.did, around(repo, lie)
    repo = registered(url, plc_url, "replay")
    first = repo.commit()
    yield "replay", repo.did, [first, first, repo.commit()]
    yield "foreign DID", foreign_did, [Repo(foreign_did, SigningKey.generate()).commit()]
    # The last one, because a relay may well hang up.
    repo = registered(url, plc_url, "large")
    yield "too large", repo.did, around(repo, {"padding": 2_100_000})


def around(repo: Repo, lie: dict[str, Any]) -> list[Body]:
    """A commit, the lie, and a commit as if it had not been told."""
    first = repo.commit()
    truth = repo.root, repo.rev
    lied = repo.commit(**lie)
    if lie:
        repo.root, repo.rev = truth
    return [first, lied, repo.commit()]


@dataclass
class LyingHost:
    """The host: answers what relays ask first, then tells what it is given to whoever listens."""

    port: int
    told: list[bytes] = field(default_factory=list)
    is_listened_to: int = 0

    def start(self) -> None:
        ready = threading.Event()

        async def run() -> None:
            async with serve(
                self._talk, "127.0.0.1", self.port, process_request=self._answer, max_size=None
            ):
                ready.set()
                await asyncio.Event().wait()

        threading.Thread(target=lambda: asyncio.run(run()), daemon=True).start()
        assert ready.wait(10)

    def tell(self, bodies: list[Body]) -> None:
        for body in bodies:
            number = len(self.told) + 1
            self.told.append(frames.frame(EventKind.COMMIT, body.data, body.seq_at, number))

    async def _talk(self, connection: ServerConnection) -> None:
        self.is_listened_to += 1
        asked = connection.request.path if connection.request else ""
        sent = int(asked.partition("cursor=")[2] or 0)
        while True:
            for frame in self.told[sent:]:
                await connection.send(frame)
                sent += 1
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
