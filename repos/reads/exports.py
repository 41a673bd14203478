"""Exports as CAR files: full repos, single blocks.

Source: atproto.com/specs/sync, "Repo export"; the lexicons com.atproto.sync.getRepo, getBlocks. A
proof goes along the tree (repos.reads.record_proofs); an export does not: it sends the commit first
and then the tables as they lie (repos.reads.exported_blocks), from one snapshot of the database.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from protocol import car
from protocol.cid import to_text
from protocol.errors import InvalidRequest
from repos.reads import exported_blocks
from repos.reads.refusals import RepoNotFound
from repos.reads.repos import RepoRow
from repos.state.long_reads import snapshot
from server.database import connection as database
from server.web import process_limits

MAX_BLOCKS = 100  # in one call
MAX_BLOCKS_BYTES = process_limits.BLOCKS_BYTES  # in one call: a block may be a record of a megabyte
GROUP_BYTES = 262_144  # of blocks that are read at once

_COUNTED_HEAD = "SELECT head, commit, record_count FROM repo WHERE id = %s"
_HELD_HEAD = """
    SELECT head, commit, record_count FROM repo_hold WHERE repo_id = %s AND head IS NOT NULL
"""
_SIZES = """
    SELECT cid, octet_length(data) FROM node WHERE repo_id = %s AND cid = ANY (%b)
    UNION SELECT cid, octet_length(data) FROM record WHERE repo_id = %s AND cid = ANY (%b)
    UNION SELECT head, octet_length(commit) FROM repo WHERE id = %s AND head = ANY (%b)
"""
_SOME_BLOCKS = """
    SELECT cid, data FROM node WHERE repo_id = %s AND cid = ANY (%b)
    UNION SELECT cid, data FROM record WHERE repo_id = %s AND cid = ANY (%b)
    UNION SELECT head, commit FROM repo WHERE id = %s AND head = ANY (%b)
"""


class BlockNotFound(InvalidRequest):
    """400: the repo has no block of that CID, or no longer."""

    name = "BlockNotFound"


def export_held(repo_id: int) -> Iterator[bytes]:
    """The CAR of a deleted account's repo that a hold keeps (repos.lifecycle.repo_holds). Yields
    nothing when there is none."""
    with snapshot() as connection:
        head = connection.execute(_HELD_HEAD, (repo_id,), binary=True).fetchone()
        if head is None:
            return
        commit_cid, commit_block, record_count = head
        yield car.header([commit_cid]) + car.frame(commit_cid, commit_block)
        yield from exported_blocks.since(connection, repo_id, "", record_count)


def export_repo(repo: RepoRow, since: str | None = None) -> Iterator[bytes]:
    """The repo as a CAR, in chunks of some 500 blocks, each once; the commit is the first.

    With `since`, only the blocks that came into the tree after that rev, and the commit. The
    iterator may be closed at any time and be read by any thread. Raises RepoNotFound when the repo
    is gone by the time the first chunk is asked for.
    """
    with snapshot() as connection:
        head = connection.execute(_COUNTED_HEAD, (repo.id,), binary=True).fetchone()
        if head is None:
            raise RepoNotFound(repo.did)
        commit_cid, commit_block, record_count = head
        yield car.header([commit_cid]) + car.frame(commit_cid, commit_block)
        yield from exported_blocks.since(connection, repo.id, since or "", record_count)


def blocks(repo: RepoRow, cids: Sequence[bytes]) -> Iterator[bytes]:
    """A CAR without roots of the blocks asked for, at most MAX_BLOCKS, in chunks of GROUP_BYTES.

    The iterator may be closed at any time and be read by any thread; it holds nothing between two
    chunks. Raises BlockNotFound unless all are there, InvalidRequest for too many; when one goes
    while its chunk is still to come, BlockNotFound is raised there.
    """
    wanted = list(dict.fromkeys(cids))
    if len(wanted) > MAX_BLOCKS:
        raise InvalidRequest(f"At most {MAX_BLOCKS} cids in one call")
    sizes: dict[bytes, int] = dict(_of_blocks(_SIZES, repo.id, wanted))
    _refuse_missing(wanted, sizes)
    if sum(sizes.values()) > MAX_BLOCKS_BYTES:
        raise InvalidRequest(f"These blocks have more than {MAX_BLOCKS_BYTES} bytes: ask for fewer")
    return _framed(repo.id, wanted, sizes)


def _framed(repo_id: int, wanted: Sequence[bytes], sizes: Mapping[bytes, int]) -> Iterator[bytes]:
    yield car.header([])
    for group in _groups(wanted, sizes):
        found: dict[bytes, bytes] = dict(_of_blocks(_SOME_BLOCKS, repo_id, group))
        _refuse_missing(group, found)
        yield b"".join(car.frame(each, found[each]) for each in group)


def _groups(wanted: Sequence[bytes], sizes: Mapping[bytes, int]) -> Iterator[list[bytes]]:
    group: list[bytes] = []
    size = 0
    for each in wanted:
        if group and size + sizes[each] > GROUP_BYTES:
            yield group
            group, size = [], 0
        group.append(each)
        size += sizes[each]
    yield group


def _of_blocks(sql: str, repo_id: int, cids: Sequence[bytes]) -> list[tuple[bytes, Any]]:
    found = database.rows(sql, (repo_id, list(cids)) * 3)
    return [(block_cid, value) for block_cid, value in found]


def _refuse_missing(wanted: Sequence[bytes], found: Mapping[bytes, object]) -> None:
    if missing := [to_text(each) for each in wanted if each not in found]:
        raise BlockNotFound(f"Could not find cids: {', '.join(missing)}")
