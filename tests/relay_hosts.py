"""A host elsewhere, in the test's event loop: its firehose, its accounts' documents and repos."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from accounts.identity.resolution import dids
from protocol import car
from protocol.event_stream.frames import Body, EventKind
from tests.relay_authors import Author, frame


@dataclass(eq=False)
class FakeHost:
    """Says what it is told to say, in order of `seq`; honest unless the test is not."""

    port: int = 0
    said: list[tuple[int, bytes]] = field(default_factory=list)
    authors: dict[str, Author] = field(default_factory=dict)
    inactive: set[str] = field(default_factory=set)
    server: str = "a host"
    cursors: list[int | None] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    is_slow: bool = False  # to answer anything beside the stream
    has_ended: bool = False

    @property
    def name(self) -> str:
        return f"localhost:{self.port}"

    def author(self, label: str, host: "FakeHost | None" = None) -> Author:
        """An account whose DID document names this host, or another."""
        author = Author(f"did:web:{label}.localhost%3A{self.port}")
        author.home = (host or self).name
        dids.CACHE.forget(author.did)  # an earlier test's host may have had the port
        self.authors[author.did] = author
        return author

    def say(self, kind: EventKind, body: Body, seq: int | None = None) -> int:
        """Send an event, with the next number or another."""
        number = seq if seq is not None else (self.said[-1][0] + 1 if self.said else 1)
        self.send(number, frame(kind, body, number))
        return number

    def send(self, seq: int, message: bytes) -> None:
        self.said.append((seq, message))

    async def stream(self, socket: ServerConnection) -> None:
        """Everything said beyond the cursor, then what is said later."""
        assert socket.request is not None
        query = parse_qs(urlsplit(socket.request.path).query)
        cursor = int(query["cursor"][0]) if "cursor" in query else None
        self.cursors.append(cursor)
        at = 0
        while not self.has_ended and socket.close_code is None:
            for seq, message in self.said[at:]:
                at += 1
                if seq > (cursor or 0):
                    await socket.send(message)
            await asyncio.sleep(0.01)

    async def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """Everything beside the stream."""
        url = urlsplit(request.path)
        self.asked.append(url.path.rpartition(".")[2])
        if url.path.endswith("subscribeRepos"):
            return None
        while self.is_slow and not self.has_ended:
            await asyncio.sleep(0.02)
        if url.path == "/.well-known/did.json":
            label = request.headers["Host"].partition(".")[0]
            author = self.authors[f"did:web:{label}.localhost%3A{self.port}"]
            return _json(connection, author.document(f"http://{author.home}"))
        did = parse_qs(url.query).get("did", [""])[0]
        if url.path.endswith("getRepoStatus"):
            return _json(connection, {"did": did, "active": did not in self.inactive})
        if url.path.endswith("getRepo"):
            author = self.authors[did]
            answer = _json(connection, {})
            answer.body = car.write(author.head, [(author.head, author.block)])
            return _sized(answer)
        return _json(connection, {"did": f"did:web:{self.name}", "availableUserDomains": []})


def _json(connection: ServerConnection, value: object) -> Response:
    return _sized(connection.respond(HTTPStatus.OK, json.dumps(value)))


def _sized(answer: Response) -> Response:
    del answer.headers["Content-Length"]
    answer.headers["Content-Length"] = str(len(answer.body))
    return answer


@asynccontextmanager
async def running_host(host: FakeHost | None = None) -> AsyncIterator[FakeHost]:
    """A host that listens."""
    host = host or FakeHost()

    def named(_connection: ServerConnection, _request: Request, response: Response) -> None:
        response.headers["Server"] = host.server

    async with serve(
        host.stream,
        "localhost",
        0,
        process_request=host.answer,
        process_response=named,
        server_header=None,
        compression=None,
        ping_interval=None,
        close_timeout=0.1,
    ) as server:
        host.port = next(iter(server.sockets)).getsockname()[1]
        try:
            yield host
        finally:
            host.has_ended = True
