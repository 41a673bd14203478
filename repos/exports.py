"""Repos and parts of them as CAR files: full exports, record proofs, single blocks.

Source: atproto.com/specs/sync, "Repo export"; the lexicons com.atproto.sync.getRepo, getRecord,
getBlocks. A proof goes along the tree; an export does not: it sends the commit first and then the
tables as they lie, in constant memory, from one snapshot of the database.
"""

from collections.abc import Iterator, Sequence

import psycopg

from hosting import database
from protocol import car
from protocol.cid import to_text
from protocol.errors import InvalidRequest
from protocol.mst import MissingBlock, Tree
from repos import nodes
from repos.reads import RepoNotFound, RepoRow
from repos.snapshots import snapshot

_ROWS_A_CHUNK = 1_000
MAX_BLOCKS = 100  # in one call: a block may be a record of a megabyte, and all are held at once
_TRIES = 5

_HEAD = "SELECT head, commit, data FROM repo WHERE id = %s"
# A large record comes as its path and is fetched by itself: a thousand of them at once would be a
# gigabyte. Nodes are small by nature.
_LARGE_BYTES = 32_768
_BLOCKS = f"""
    SELECT cid, data, NULL FROM node WHERE repo_id = %s AND rev > %s
    UNION ALL
    SELECT cid, CASE WHEN octet_length(data) <= {_LARGE_BYTES} THEN data END,
        CASE WHEN octet_length(data) > {_LARGE_BYTES} THEN collection || '/' || rkey END
    FROM record WHERE repo_id = %s AND rev > %s
"""  # noqa: S608 - constants only
_RECORD = "SELECT cid, data FROM record WHERE repo_id = %s AND collection = %s AND rkey = %s"
_SOME_BLOCKS = """
    SELECT cid, data FROM node WHERE repo_id = %s AND cid = ANY (%b)
    UNION SELECT cid, data FROM record WHERE repo_id = %s AND cid = ANY (%b)
    UNION SELECT head, commit FROM repo WHERE id = %s AND head = ANY (%b)
"""


class BlockNotFound(InvalidRequest):
    """400: the repo has no block of that CID, or no longer."""

    name = "BlockNotFound"


def export_repo(repo: RepoRow, since: str | None = None) -> Iterator[bytes]:
    """The repo as a CAR, in chunks of some 1,000 blocks; the commit is its first block.

    With `since`, only the blocks that came into the tree after that rev, and the commit. The
    iterator may be closed at any time and be read by any thread. Raises RepoNotFound when the repo
    is gone by the time the first chunk is asked for.
    """
    with snapshot() as connection:
        head = connection.execute(_HEAD, (repo.id,), binary=True).fetchone()
        if head is None:
            raise RepoNotFound(repo.did)
        commit_cid, commit_block, _ = head
        yield car.header([commit_cid]) + car.frame(commit_cid, commit_block)
        yield from _blocks_since(connection, repo.id, since or "")


def record_proof(repo: RepoRow, collection: str, rkey: str) -> bytes:
    """A CAR that proves what the repo holds at a path, or that it holds nothing there.

    Commit, the nodes on the way, and the record if there is one.
    """
    for _ in range(_TRIES):
        head = database.row(_HEAD, (repo.id,))
        if head is None:
            raise RepoNotFound(repo.did)
        commit_cid, commit_block, root = head
        tree = Tree(root, nodes.NodeSource(repo.id), nodes.CACHE)
        key = f"{collection}/{rkey}".encode()
        record = database.row(_RECORD, (repo.id, collection, rkey))
        try:
            blocks = {commit_cid: commit_block, **tree.path(key)}
            current = tree.get(key)
        except MissingBlock:  # a commit that ran meanwhile removed the node
            continue
        if current == (record[0] if record else None):
            return car.write(commit_cid, [*blocks.items(), *([tuple(record)] if record else [])])
    raise RuntimeError(f"{repo.did} changed in each of {_TRIES} tries to prove {collection}/{rkey}")


def blocks(repo: RepoRow, cids: Sequence[bytes]) -> bytes:
    """A CAR without roots of the blocks asked for, at most MAX_BLOCKS.

    Raises BlockNotFound unless all are there, InvalidRequest for too many.
    """
    wanted = list(dict.fromkeys(cids))
    if len(wanted) > MAX_BLOCKS:
        raise InvalidRequest(f"At most {MAX_BLOCKS} cids in one call")
    found: dict[bytes, bytes] = dict(
        database.rows(_SOME_BLOCKS, (repo.id, wanted) * 2 + (repo.id, wanted))
    )
    if missing := [to_text(each) for each in wanted if each not in found]:
        raise BlockNotFound(f"Could not find cids: {', '.join(missing)}")
    return car.header([]) + b"".join(car.frame(each, found[each]) for each in wanted)


def _blocks_since(connection: psycopg.Connection, repo_id: int, since: str) -> Iterator[bytes]:
    with connection.cursor("export", binary=True) as cursor:
        cursor.execute(_BLOCKS, (repo_id, since) * 2)
        while rows := cursor.fetchmany(_ROWS_A_CHUNK):
            yield b"".join([car.frame(cid, block) for cid, block, _ in rows if block is not None])
            for large_cid, path in [(cid, path) for cid, _, path in rows if path is not None]:
                yield _large(connection, repo_id, large_cid, path)


def _large(connection: psycopg.Connection, repo_id: int, record_cid: bytes, path: str) -> bytes:
    found = connection.execute(_RECORD, (repo_id, *path.split("/")), binary=True).fetchone()
    # The snapshot has it: it is where the path came from.
    return car.frame(record_cid, found[1]) if found is not None else b""
