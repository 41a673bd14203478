"""The write path's one transaction: `apply_commits`, a plpgsql function, takes chains of commits.

A chain takes effect only on the head that it was made from. The function is in `repos/sql/`.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain as chained
from typing import Any, Final

from repos.commits.commit_chain import CommitChain, Stored
from server.database.prepared import (
    BIGINTS,
    BYTEAS,
    INTEGERS,
    TEXTS,
    Statement,
    bigints,
    byteas,
    integers,
    number,
    texts,
)

BLOB_MISSING: Final = "GRB01"  # SQLSTATE; the message is the blob's CID in hex
HEAD_MOVED: Final = "active"
GONE: Final = "gone"

_TYPES = (
    (BIGINTS, TEXTS, TEXTS, BYTEAS, BYTEAS, BYTEAS, INTEGERS, BIGINTS, INTEGERS),
    (BIGINTS, INTEGERS, BYTEAS),
    (BIGINTS, TEXTS, TEXTS),
    (BIGINTS, TEXTS, TEXTS, BYTEAS, TEXTS, TEXTS, BYTEAS),
    (BIGINTS, BYTEAS),
    (BIGINTS, BYTEAS, TEXTS, BYTEAS),
    (BIGINTS, TEXTS, TEXTS, BYTEAS, TEXTS),
)
_DEEDS = (BIGINTS, TEXTS, TEXTS)


def _statement(function: str, *tables: Sequence[int]) -> Statement:
    types = tuple(chained.from_iterable(tables))
    marks = ", ".join(f"${n}" for n in range(1, len(types) + 1))
    return Statement(f"SELECT * FROM {function}({marks})", types)  # noqa: S608 - placeholders only


_APPLY = _statement("apply_commits", *_TYPES)
# Also writes down which of them are by controllers (accounts.delegation), in the same transaction
_APPLY_DELEGATED = _statement("apply_delegated_commits", _DEEDS, *_TYPES)
_ENCODERS: dict[int, Callable[[Sequence[Any]], bytes]] = {
    BIGINTS: bigints,
    BYTEAS: byteas,
    INTEGERS: integers,
    TEXTS: texts,
}


def apply(chains: Sequence[CommitChain]) -> dict[int, str]:
    """Commit them all, in one transaction. What was refused: repo id -> HEAD_MOVED (read it again),
    its status when it takes no commits, or GONE; such a repo's chain had no effect.

    Raises psycopg.DatabaseError, with the state BLOB_MISSING for a blob that is not there: then
    none of the chains had any effect.
    """
    columns = chained.from_iterable(map(_columns, _TYPES, _tables(chains)))
    if any(chain.deeds for chain in chains):
        deeds = [(c.start.id, deed.actor, deed.told) for c in chains for deed in c.deeds]
        refused = _APPLY_DELEGATED.rows(*_columns(_DEEDS, deeds), *columns)
    else:
        refused = _APPLY.rows(*columns)
    return {number(repo_id): status.decode() for repo_id, status in refused}


def _columns(types: Sequence[int], rows: Sequence[tuple[Any, ...]]) -> Iterator[bytes]:
    """Rows as one encoded array a column."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(types)
    for kind, column in zip(types, columns, strict=True):
        yield _ENCODERS[kind](column)


def _tables(chains: Sequence[CommitChain]) -> Iterator[list[tuple[Any, ...]]]:
    """The rows, in the order of the function's parameters."""
    ends = [(chain, *chain.records(), *chain.nodes()) for chain in chains]
    yield [_repo(chain, left, stored) for chain, left, stored, _, _ in ends]
    yield [(c.start.id, made.body.seq_at, made.body.data) for c in chains for made in c.plans]
    yield [(c.start.id, *path) for c, left, _, _, _ in ends for path in left]
    yield [_record(c.start.id, record) for c, _, stored, _, _ in ends for record in stored]
    yield [(c.start.id, cid) for c, _, _, gone, _ in ends for cid in gone]
    yield [
        (c.start.id, cid, rev, block)
        for c, _, _, _, new in ends
        for cid, (rev, block) in new.items()
    ]
    yield [
        (c.start.id, record.write.collection, record.write.rkey, cid, record.rev)
        for c, _, stored, _, _ in ends
        for record in stored
        for cid in {ref.cid for ref in record.write.blobs}
    ]


def _repo(
    chain: CommitChain, left: Sequence[tuple[str, str]], stored: Sequence[Stored]
) -> tuple[Any, ...]:
    start, end = chain.start, chain.plans[-1]
    growth, size = len(stored) - len(left), sum(len(each.write.block or b"") for each in stored)
    moved = (start.id, start.rev, end.rev, end.commit.cid, end.root, end.commit.block)
    return (*moved, growth, size, chain.op_count)


def _record(repo_id: int, record: Stored) -> tuple[Any, ...]:
    w = record.write
    return repo_id, w.collection, w.rkey, w.cid, record.rev, w.subject, w.block
