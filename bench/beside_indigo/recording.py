"""The load, recorded once: commits of accounts at a few hosts, signed, as frames of a WebSocket."""

import base64
import hashlib
import pickle
import struct
from dataclasses import dataclass, field
from pathlib import Path

from protocol.event_stream.frames import EventKind
from tests.relay_authors import Author, frame

PORT = 4_710  # of the first host; the others follow
_SHORT, _MEDIUM = 126, 65_536


@dataclass
class RecordedHost:
    """A host's firehose: `stream` is what it sends, `ends` where each event of it ends."""

    port: int
    stream: bytes
    ends: list[int]


@dataclass
class Recording:
    """The hosts, and the DID documents of their accounts."""

    hosts: list[RecordedHost]
    documents: dict[str, dict[str, object]] = field(default_factory=dict)

    @property
    def commits(self) -> int:
        return sum(len(host.ends) for host in self.hosts)


def record(commits: int, authors: int, hosts: int) -> Recording:
    """So many commits in all, of so many accounts."""
    recording = Recording([])
    for number in range(hosts):
        port = PORT + number
        people = [Author(_did(f"{port} {each}")) for each in range(authors // hosts)]
        for author in people:
            recording.documents[author.did] = author.document(f"http://localhost:{port}")
        stream, ends = bytearray(), []
        for seq in range(1, commits // hosts + 1):
            body = people[seq % len(people)].write()
            stream += websocket_frame(frame(EventKind.COMMIT, body, seq))
            ends.append(len(stream))
        recording.hosts.append(RecordedHost(port, bytes(stream), ends))
    return recording


def _did(name: str) -> str:
    digest = hashlib.sha256(name.encode()).digest()
    return f"did:plc:{base64.b32encode(digest).decode().lower()[:24]}"


def websocket_frame(payload: bytes) -> bytes:
    """A binary message as a server sends it (RFC 6455, 5.2)."""
    if len(payload) < _SHORT:
        return struct.pack(">BB", 0x82, len(payload)) + payload
    if len(payload) < _MEDIUM:
        return struct.pack(">BBH", 0x82, 126, len(payload)) + payload
    return struct.pack(">BBQ", 0x82, 127, len(payload)) + payload


def save(recording: Recording, file: Path) -> None:
    file.write_bytes(pickle.dumps(recording))


def load(file: Path) -> Recording:
    """What `save` wrote, on this machine."""
    recording: Recording = pickle.loads(file.read_bytes())
    return recording
