"""Firehoses as lists of plain values, read with a decoder that is not ours, to be compared."""

import hashlib
import io
import socket
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import cbor2
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

Value = tuple[Any, ...]
QUIET_S = 4.0


@dataclass
class Stream:
    """One firehose, read from its beginning in a thread: what it said of each DID, in order."""

    url: str
    by_did: dict[str, list[Value]] = field(default_factory=lambda: defaultdict(list))
    seqs: list[int] = field(default_factory=list)
    last_at: float = field(default_factory=time.monotonic)
    ended: str = ""

    def start(self) -> "Stream":
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def await_quiet(self, within_s: float = 60.0) -> None:
        """Wait until nothing has come for some seconds."""
        deadline = time.monotonic() + within_s
        while time.monotonic() - self.last_at < QUIET_S and time.monotonic() < deadline:
            time.sleep(0.2)

    def _read(self) -> None:
        address = f"{self.url}/xrpc/com.atproto.sync.subscribeRepos?cursor=0"
        try:
            with connect(address, sock=self._at_this_machine(), max_size=None) as stream:
                for frame in stream:
                    self._take(bytes(frame))
        except (OSError, WebSocketException) as fault:
            self.ended = repr(fault)

    def _at_this_machine(self) -> socket.socket | None:
        """Names below localhost lead here, whatever a resolver thinks of them."""
        parts = urlsplit(self.url)
        is_here = parts.scheme == "ws" and (parts.hostname or "").endswith(".localhost")
        return socket.create_connection(("localhost", parts.port)) if is_here else None

    def _take(self, frame: bytes) -> None:
        decoder = cbor2.CBORDecoder(io.BytesIO(frame))
        header, body = decoder.decode(), decoder.decode()
        self.last_at = time.monotonic()
        if header["op"] != 1 or header["t"] == "#info":
            self.ended = f"{header} {body}" if header["op"] != 1 else self.ended
            return
        self.seqs.append(body["seq"])
        self.by_did[body.get("did") or body["repo"]].append(value(header["t"], body))


def value(kind: str, body: dict[str, Any]) -> Value:
    """What an event says, without its number and its time."""
    if kind == "#commit":
        ops = tuple((op["action"], op["path"], _cid(op["cid"])) for op in body["ops"])
        blocks = hashlib.sha256(body["blocks"]).hexdigest()[:16]
        return (kind, body["rev"], _cid(body["commit"]), _cid(body.get("prevData")), ops, blocks)
    if kind == "#sync":
        return (kind, body["rev"], hashlib.sha256(body["blocks"]).hexdigest()[:16])
    if kind == "#account":
        return (kind, body["active"], body.get("status"))
    return (kind, body.get("handle"))


def _cid(link: Any) -> str | None:
    return link.value.hex()[-16:] if link is not None else None
