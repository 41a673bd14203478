"""What a strict relay checks, over a whole recorded stream (atproto.com/specs/sync)."""

from typing import Any

from protocol import car
from protocol.event_stream import frames
from protocol.keys import PublicKey
from protocol.repo import commit
from protocol.repo.inversion import invert


def in_order(stream: list[tuple[int, bytes]]) -> None:
    """`seq` strictly increases: nothing twice, nothing out of order."""
    seqs = [seq for seq, _ in stream]
    assert seqs == sorted(set(seqs)), "seq repeats or goes back"


def commits_of(stream: list[tuple[int, bytes]]) -> dict[str, list[dict[str, Any]]]:
    """The `#commit` bodies of a stream, by repository, in order."""
    by_repo: dict[str, list[dict[str, Any]]] = {}
    for _, frame in stream:
        header, body = frames.parse(frame)
        if header.get("t") == "#commit":
            by_repo.setdefault(body["repo"], []).append(body)
    return by_repo


def chain(bodies: list[dict[str, Any]], key: PublicKey) -> None:
    """Every commit is signed, follows its predecessor, and inverts to its predecessor's root."""
    rev, root = None, None
    for body in bodies:
        slice_ = car.read(body["blocks"])
        signed = commit.parse(slice_.blocks[bytes(body["commit"])])
        assert signed.verify(key)
        assert (signed.did, signed.rev) == (body["repo"], body["rev"])
        if rev is not None:
            assert body["rev"] > rev
            assert body["since"] == rev
            assert bytes(body["prevData"]) == root
            assert invert(slice_.blocks, signed.data, _ops(body)) == root
        rev, root = body["rev"], signed.data


def _ops(body: dict[str, Any]) -> list[frames.RepoOp]:
    return [
        frames.RepoOp(
            op["action"],
            op["path"],
            bytes(op["cid"]) if op["cid"] is not None else None,
            bytes(op["prev"]) if op.get("prev") is not None else None,
        )
        for op in body["ops"]
    ]
