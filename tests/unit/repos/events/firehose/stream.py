"""Reading back what a repo said on the firehose, and checking it as a relay would."""

from collections.abc import Collection
from typing import Any

from protocol import car
from protocol.event_stream import frames
from protocol.event_stream.frames import EventKind, RepoOp
from protocol.keys import PublicKey
from protocol.repo import commit, inversion
from server.database import connection


def events(repo_id: int) -> list[tuple[EventKind, dict[str, Any]]]:
    """(kind, body) of a repo's events in the order of their ids, numbered 0."""
    sql = "SELECT kind, body, seq_at FROM event WHERE repo_id = %s ORDER BY id"
    return [
        (EventKind(kind), frames.parse(frames.frame(kind, body, seq_at, 0))[1])
        for kind, body, seq_at in connection.rows(sql, (repo_id,))
    ]


def commits(repo_id: int) -> list[dict[str, Any]]:
    return [body for kind, body in events(repo_id) if kind is EventKind.COMMIT]


def ops_of(body: dict[str, Any]) -> list[RepoOp]:
    return [
        RepoOp(
            op["action"],
            op["path"],
            op["cid"].cid_bytes if op["cid"] else None,
            op["prev"].cid_bytes if "prev" in op else None,
        )
        for op in body["ops"]
    ]


def check_commit(body: dict[str, Any], did_key: str, before: dict[str, Any] | None) -> None:
    """Everything a relay looks at: CAR, signature, fields, chain, inversion, record blocks."""
    blocks = car.read(body["blocks"]).blocks
    signed = commit.parse(blocks[body["commit"].cid_bytes])
    assert signed.verify(PublicKey.from_did_key(did_key))
    assert (signed.did, signed.rev) == (body["repo"], body["rev"])
    for op in ops_of(body):
        assert (op.cid is None) or op.cid in blocks
        assert (op.prev is None) == (op.action == "create")
    if before is not None:
        last = commit.parse(car.read(before["blocks"]).blocks[before["commit"].cid_bytes])
        assert (body["since"], body["prevData"].cid_bytes) == (last.rev, last.data)
        assert body["rev"] > last.rev
        assert inversion.invert(blocks, signed.data, ops_of(body)) == last.data


def check_chain(repo_id: int, did_key: str) -> int:
    """Check every commit of a repo against the one before; returns how many."""
    before = None
    for body in (said := commits(repo_id)):
        check_commit(body, did_key, before)
        before = body
    return len(said)


def check_story(repo_id: int, did_keys: Collection[str]) -> tuple[str, bytes]:
    """Every #commit starts from where the #commit or #sync before left the repo, and undoes to it.

    For repos that are also imported, and signed anew with one of these keys. Where it ends: rev
    and root.
    """
    rev, root = "", b""
    for kind, body in events(repo_id):
        if kind not in (EventKind.COMMIT, EventKind.SYNC):
            continue
        read = car.read(body["blocks"])
        signed = commit.parse(read.blocks[read.roots[0]])
        assert any(signed.verify(PublicKey.from_did_key(key)) for key in did_keys)
        assert signed.rev == body["rev"] >= rev
        if kind is EventKind.COMMIT and rev:
            assert (body["since"], body["prevData"].cid_bytes) == (rev, root)
            assert signed.rev > rev
            assert inversion.invert(read.blocks, signed.data, ops_of(body)) == root
        rev, root = signed.rev, signed.data
    return rev, root
