"""The recorded hosts and a directory of their accounts, in a process of their own, so cheap that
relays are measured and not they: a host writes the bytes that it has."""

import asyncio
import base64
import hashlib
import json
import multiprocessing
from bisect import bisect_right
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import unquote

import uvloop

from bench.beside_indigo import recording
from bench.beside_indigo.recording import RecordedHost, Recording

DIRECTORY_PORT = recording.PORT - 1
_CHUNK = 262_144
_PING, _PONG = 9, 10
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Hosts:
    """The process. A relay, known by a word in its User-Agent, is sent as much as it may have."""

    def __init__(self, file: Path) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        serving = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(file, theirs), daemon=True
        )
        serving.start()
        self._process = serving
        assert self._pipe.recv() == "ready"

    def send_to(self, relay: str, share: float) -> None:
        """Let a relay have this share of everything, from the beginning."""
        self._pipe.send((relay, share))

    def stop(self) -> None:
        self._process.terminate()
        self._process.join()


def _serve(file: Path, pipe: Connection) -> None:
    """Of this process: all hosts and the directory."""
    serving = _Serving(recording.load(file))
    uvloop.run(serving.run(pipe))


class _Serving:
    def __init__(self, given: Recording) -> None:
        self._given = given
        self._shares: dict[str, float] = {}
        self._more = asyncio.Event()

    async def run(self, pipe: Connection) -> None:
        for host in self._given.hosts:
            await asyncio.start_server(self._answering(host), "127.0.0.1", host.port)
        await asyncio.start_server(self._directory, "127.0.0.1", DIRECTORY_PORT)
        asyncio.get_running_loop().add_reader(pipe.fileno(), self._allow, pipe)
        pipe.send("ready")
        await asyncio.Event().wait()

    def _allow(self, pipe: Connection) -> None:
        relay, share = pipe.recv()
        self._shares[relay] = share
        self._more.set()
        self._more = asyncio.Event()

    async def _directory(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while path := await _path(reader):
            _json(writer, self._given.documents.get(unquote(path[0])[1:]))
        writer.close()

    def _answering(self, host: RecordedHost):
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while found := await _path(reader):
                path, headers = found
                if "subscribeRepos" in path:
                    answering = asyncio.ensure_future(_answer_pings(reader, writer))
                    with suppress(ConnectionError):
                        await self._stream(host, path, headers, writer)
                    answering.cancel()
                    return
                _json(writer, {"did": f"did:web:localhost%3A{host.port}", "collections": []})
            writer.close()

        return answer

    async def _stream(
        self, host: RecordedHost, path: str, headers: dict[str, str], writer: asyncio.StreamWriter
    ) -> None:
        key = headers["sec-websocket-key"].encode() + _GUID
        accept = base64.b64encode(hashlib.sha1(key).digest()).decode()
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        cursor = max(0, int(path.partition("cursor=")[2] or 0))
        at = host.ends[cursor - 1] if cursor else 0
        relay = "indigo" if "indigo" in headers["user-agent"] else "grove"
        stream = memoryview(host.stream)
        while True:
            more = self._more
            end = round(self._shares.get(relay, 0) * len(host.ends))
            while cursor < end:  # whole events, so that a pong may come between
                after = min(end, max(cursor + 1, bisect_right(host.ends, at + _CHUNK)))
                writer.write(stream[at : host.ends[after - 1]])
                cursor, at = after, host.ends[after - 1]
                await writer.drain()
            await more.wait()


async def _answer_pings(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A client's short frames, of which pings want an answer (RFC 6455, 5.5)."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            kind, length, *mask = await reader.readexactly(6)
            payload = await reader.readexactly(length & 127)
            if kind & 15 == _PING:
                plain = bytes(each ^ mask[at % 4] for at, each in enumerate(payload))
                writer.write(bytes([0x80 | _PONG, len(plain)]) + plain)


async def _path(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]] | None:
    """A request's path and headers; None when there is no other."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    except (asyncio.IncompleteReadError, OSError):
        return None
    pairs = (line.partition(": ") for line in head[1:] if line)
    return head[0].split(" ")[1], {name.lower(): value for name, _, value in pairs}


def _json(writer: asyncio.StreamWriter, value: object) -> None:
    body = json.dumps(value or {}).encode()
    status = "200 OK" if value else "404 Not Found"
    writer.write(
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
