"""Other services at the network's edge: a small HTTP server that behaves as a test says.

It speaks raw bytes, because what the tests need most is what a decent server never sends.
"""

import asyncio
import base64
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import orjson

from accounts.identity.resolution import dids


@dataclass
class Seen:
    """One request as the service saw it; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Behaviour = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]


def answering(body: bytes | dict = b"{}", status: str = "200 OK", **headers: str) -> Behaviour:
    """A whole, decent answer; `_` in a header's name stands for `-`."""
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    named = {"content-type": "application/json", "content-length": str(len(data))}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value)

    async def answer(seen: Seen, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {status}\r\n{lines}\r\n".encode()
        writer.write(head if seen.method == "HEAD" else head + data)

    return answer


def raw(*pieces: bytes, pause_s: float = 0.0) -> Behaviour:
    """These bytes, with pauses between, and then the connection ends."""

    async def answer(_seen: Seen, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)
        writer.close()

    return answer


def silent() -> Behaviour:
    """Nothing, for longer than any test takes."""

    async def answer(_seen: Seen, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(600)

    return answer


@dataclass
class Upstream:
    """A running service. `behaviours` are by path, without the query; all else is answered `{}`."""

    port: int = 0
    behaviours: dict[str, Behaviour | list[Behaviour]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    connection_count: int = 0
    gone_count: int = 0  # clients that left before they had an answer

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def did(self) -> str:
        return f"did:web:localhost%3A{self.port}"

    def answers(self, nsid: str, *behaviours: Behaviour) -> None:
        """How the method is answered; of several, one a request, the last one for good."""
        self.behaviours[f"/xrpc/{nsid}"] = list(behaviours)

    def last(self) -> Seen:
        """The newest request for a method."""
        return [one for one in self.seen if one.target.startswith("/xrpc/")][-1]

    def offers(self, **services: str) -> None:
        """Publish a DID document with these services (id -> URL)."""
        entries = [
            {"id": f"#{name}", "type": "Test", "serviceEndpoint": url}
            for name, url in services.items()
        ]
        document = {"id": self.did, "service": entries}
        self.behaviours["/.well-known/did.json"] = answering(document)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connection_count += 1
        try:
            while seen := await _read(reader):
                self.seen.append(seen)
                await self._answer(seen, reader, writer)
                if writer.is_closing():
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(
        self, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        behaviour = self.behaviours.get(seen.target.partition("?")[0], answering())
        if isinstance(behaviour, list):
            behaviour = behaviour.pop(0) if len(behaviour) > 1 else behaviour[0]
        answer = asyncio.ensure_future(behaviour(seen, writer))
        left = asyncio.ensure_future(_left(reader))
        await asyncio.wait({answer, left}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            self.gone_count += 1
        for task in (answer, left):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _left(reader: asyncio.StreamReader) -> None:
    """Return when the client closes; it sends nothing before it has its answer."""
    while not reader.at_eof():
        await asyncio.sleep(0.02)


async def _read(reader: asyncio.StreamReader) -> Seen | None:
    head = await reader.readuntil(b"\r\n\r\n")
    line, *rest = head.decode("latin-1").rstrip().split("\r\n")
    method, target, _ = line.split(" ")
    pairs = [text.partition(": ") for text in rest]
    headers = {name.lower(): value for name, _, value in pairs}
    if headers.get("transfer-encoding") == "chunked":
        return Seen(method, target, headers, await _chunked(reader))
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Seen(method, target, headers, body)


async def _chunked(reader: asyncio.StreamReader) -> bytes:
    pieces = []
    while size := int(await reader.readline(), 16):
        pieces.append(await reader.readexactly(size))
        await reader.readline()
    await reader.readline()
    return b"".join(pieces)


@contextmanager
def running() -> Iterator[Upstream]:
    """A service on a free loopback port, in a thread of its own."""
    upstream = Upstream()
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    end = asyncio.Event()

    async def main() -> None:
        server = await asyncio.start_server(upstream.serve, "localhost", 0, limit=2**20)
        upstream.port = server.sockets[0].getsockname()[1]
        dids.CACHE.forget(upstream.did)  # an earlier test's service may have had the port
        ready.set()
        await end.wait()
        server.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),))
    thread.start()
    ready.wait()
    try:
        yield upstream
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
        _drop_all(loop)


def _drop_all(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks))
    loop.close()


def base64url(text: str) -> bytes:
    """The bytes of one segment of a JWT."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
