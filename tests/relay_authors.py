"""Authors on hosts elsewhere: repos in memory that write the frames a host would send."""

import time
from dataclasses import dataclass, field

from protocol import car, cbor, cid, tid
from protocol.event_stream import frames
from protocol.event_stream.frames import Body, EventKind, RepoOp
from protocol.keys import SigningKey
from protocol.mst import Node, Tree
from protocol.repo import commit

TIME = "2026-11-30T12:00:00.000Z"


@dataclass
class Author:
    """A repo that grows a record a commit. `did` may be anybody's."""

    did: str
    key: SigningKey = field(default_factory=SigningKey.generate)
    clock: tid.TidClock = field(default_factory=lambda: tid.TidClock(7))
    home: str = ""  # the host that its document names
    rev: str | None = None
    head: bytes = b""
    block: bytes = b""
    data: bytes | None = None
    blocks: dict[bytes, bytes] = field(default_factory=dict)
    nodes: dict[bytes, Node] = field(default_factory=dict)

    def document(self, origin: str) -> dict[str, object]:
        """The DID document, on this host."""
        return {
            "id": self.did,
            "alsoKnownAs": ["at://author.example"],
            "verificationMethod": [
                {
                    "id": f"{self.did}#atproto",
                    "type": "Multikey",
                    "controller": self.did,
                    "publicKeyMultibase": self.key.public.multibase,
                }
            ],
            "service": [
                {
                    "id": "#atproto_pds",
                    "type": "AtprotoPersonalDataServer",
                    "serviceEndpoint": origin,
                }
            ],
        }

    def write(
        self, size: int = 200, ahead_us: int = 0, collection: str = "app.bsky.feed.post"
    ) -> Body:
        """The next commit: one more record."""
        rev = self.clock.next(time.time_ns() // 1_000 + ahead_us)
        key = f"{collection}/{rev}".encode()
        record = cbor.encode({"$type": collection, "text": "x" * size})
        record_cid = cid.of_dag_cbor(record)
        tree = Tree(self.data, self.blocks, self.nodes)
        tree.put(key, record_cid)
        before, since, self.data = self.data, self.rev, tree.commit()
        proof = tree.covering_proof([key])
        self.blocks |= tree.new_blocks
        self._sign(rev)
        return frames.commit_body(
            repo=self.did,
            commit=self.head,
            rev=rev,
            since=since,
            blocks=car.write(
                self.head, [(self.head, self.block), *proof.items(), (record_cid, record)]
            ),
            ops=[RepoOp("create", key.decode(), record_cid)],
            prev_data=before,
            time=TIME,
        )

    def sync(self) -> Body:
        """#sync of the newest commit."""
        blocks = car.write(self.head, [(self.head, self.block)])
        return frames.sync_body(did=self.did, rev=self.rev or "", blocks=blocks, time=TIME)

    def account(self, *, active: bool = True, status: str | None = None) -> Body:
        """#account."""
        return frames.account_body(did=self.did, time=TIME, active=active, status=status)

    def identity(self, handle: str | None = None) -> Body:
        """#identity."""
        return frames.identity_body(did=self.did, time=TIME, handle=handle)

    def _sign(self, rev: str) -> None:
        assert self.data is not None
        signed = commit.sign(self.did, rev, self.data, self.key)
        self.rev, self.head, self.block = rev, signed.cid, signed.block


def frame(kind: EventKind, body: Body, seq: int) -> bytes:
    """The message of a body."""
    return frames.frame(kind, body.data, body.seq_at, seq)
