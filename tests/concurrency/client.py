"""The smallest honest clients: XRPC over http.client, the firehose over a websocket, in threads.

Nothing here uses Grove's code but the protocol package, which reads what came over the wire.
"""

import http.client
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from socket import create_connection
from typing import Any
from urllib.parse import urlencode

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from protocol.event_stream import frames

POST = "app.bsky.feed.post"


class Refused(Exception):
    """An answer other than 200: status and body."""


class Api:
    """One keep-alive connection to one host; not for sharing between threads."""

    def __init__(self, port: int, token: str = "") -> None:
        self.port = port
        self.token = token
        self.connection = http.client.HTTPConnection("localhost", port, timeout=120)

    def call(self, nsid: str, body: Any = None, **params: Any) -> Any:
        """A query, or a procedure when there is a body. Raises Refused, OSError, HTTPException."""
        status, answer = self.raw(nsid, body, **params)
        if status != 200:
            raise Refused(status, answer[:300])
        return json.loads(answer) if answer else None

    def raw(self, nsid: str, body: Any = None, **params: Any) -> tuple[int, bytes]:
        status, _, answer = self.whole(nsid, body, **params)
        return status, answer

    def whole(
        self, nsid: str, body: Any = None, **params: Any
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer, whatever it is."""
        headers = {"Host": f"localhost:{self.port}"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        query = f"?{urlencode(params)}" if params else ""
        self.connection.request(
            "GET" if body is None else "POST",
            f"/xrpc/{nsid}{query}",
            None if body is None else json.dumps(body),
            headers,
        )
        answer = self.connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()

    def reconnect(self) -> None:
        """Forget the connection; the next call opens a new one."""
        self.connection.close()


@dataclass
class Person:
    """Someone with an account."""

    did: str
    token: str
    handle: str


def sign_up(port: int) -> Person:
    """A fresh account on the sandbox host."""
    handle = f"u{secrets.token_hex(5)}.test"
    answer = Api(port).call(
        "com.atproto.server.createAccount",
        {"handle": handle, "email": f"{handle}@example.com", "password": secrets.token_hex(12)},
    )
    return Person(answer["did"], answer["accessJwt"], handle)


@dataclass(eq=False)
class Writer(threading.Thread):
    """Writes posts one after the other until told to stop; remembers what was acknowledged."""

    port: int
    person: Person
    stop: threading.Event
    limit: int = 1_000_000
    acknowledged: dict[str, str] = field(default_factory=dict)  # at-uri -> cid
    revs: list[str] = field(default_factory=list)
    failures: int = 0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def run(self) -> None:
        api = Api(self.port, self.person.token)
        while not self.stop.is_set() and len(self.acknowledged) < self.limit:
            try:
                answer = api.call("com.atproto.repo.createRecord", self._post())
            except (OSError, http.client.HTTPException, Refused):
                self.failures += 1
                api.reconnect()
                time.sleep(0.05)
                continue
            self.acknowledged[answer["uri"]] = answer["cid"]
            self.revs.append(answer["commit"]["rev"])

    def _post(self) -> dict[str, Any]:
        text = f"number {len(self.acknowledged)} {secrets.token_hex(8)}"
        record = {"$type": POST, "text": text, "createdAt": "2026-11-22T12:00:00.000Z"}
        return {"repo": self.person.did, "collection": POST, "record": record}


@dataclass(eq=False)
class Subscriber(threading.Thread):
    """Follows the firehose from a cursor, reconnecting with the last one it saw."""

    port: int
    stop: threading.Event
    cursor: int | None = 0
    name: str = "localhost"  # whose firehose
    frames: list[tuple[int, bytes]] = field(default_factory=list)
    refusals: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                self._follow()
            except (OSError, WebSocketException, TimeoutError):
                time.sleep(0.05)

    def _follow(self) -> None:
        query = "" if self.cursor is None else f"?cursor={self.cursor}"
        url = f"ws://{self.name}:{self.port}/xrpc/com.atproto.sync.subscribeRepos{query}"
        there = create_connection(("localhost", self.port))
        with connect(url, sock=there, max_size=None, compression=None) as socket:
            while not self.stop.is_set():
                try:
                    frame = socket.recv(timeout=0.2)
                except TimeoutError:
                    continue
                self._take(bytes(frame))

    def _take(self, frame: bytes) -> None:
        header, body = frames.parse(frame)
        if "seq" not in body:
            self.refusals.append({**header, **body})
            return
        self.cursor = body["seq"]
        self.frames.append((body["seq"], frame))


def newest_seq(port: int) -> int:
    """The `seq` of the newest event: read all of the stream until it stays quiet."""
    stop = threading.Event()
    reader = Subscriber(port, stop)
    reader.start()
    quiet_since, seen = time.monotonic(), -1
    while time.monotonic() - quiet_since < 1:
        if len(reader.frames) != seen:
            quiet_since, seen = time.monotonic(), len(reader.frames)
        time.sleep(0.05)
    stop.set()
    reader.join(10)
    return reader.cursor or 0
