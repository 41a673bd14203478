"""Record proofs as CAR files: what a repo holds at a path, from the signed commit down.

Source: the lexicon com.atproto.sync.getRecord. Commit, tree and record come from one statement, so
they belong together; the nodes on the way mostly from this process's cache.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from django.db import transaction

from hosting.models import Host
from protocol import car
from protocol.mst import MissingBlock, Tree
from repos.reads.refusals import RepoNotFound
from repos.reads.repos import RepoRow
from repos.state import heads, nodes
from server.database.prepared import BIGINT, TEXT, Question, Row, Statement, bigint

TRIES: Final = 4
_HEAD: Final = """
    SELECT r.status, r.head, r.commit, r.data, c.cid, c.data FROM repo r
    LEFT JOIN record c ON c.repo_id = r.id AND c.collection = $1 AND c.rkey = $2 WHERE
"""
_BY_DID: Final = Statement(f"{_HEAD} r.did = $3 AND r.host_id = $4", (TEXT, TEXT, TEXT, BIGINT))
_BY_ID: Final = Statement(f"{_HEAD} r.id = $3", (TEXT, TEXT, BIGINT))
_ACTIVE: Final = b"active"
_NOTHING: Final[Mapping[bytes, bytes]] = {}


def record_proof(repo: RepoRow, collection: str, rkey: str) -> bytes:
    """A CAR that proves what the repo holds at a path, or that it holds nothing there.

    Commit, the nodes on the way, and the record if there is one. Raises RepoNotFound when the repo
    is gone.
    """
    for _ in range(TRIES):
        proof = _proof(repo, collection, rkey)
        if proof is not None:
            return proof
    with transaction.atomic():  # a repo so busy has to wait for once
        heads.lock(repo.id)
        proof = _proof(repo, collection, rkey)
    if proof is None:
        raise RuntimeError(f"{repo.did} changed under its lock")
    return proof


def ask(host: Host, did: str, collection: str, rkey: str) -> Question:
    """What `public` is told the answer of."""
    params = (collection.encode(), rkey.encode(), did.encode(), bigint(host.pk))
    return Question(_BY_DID, params)


def public(found: Sequence[Row], collection: str, rkey: str) -> bytes | None:
    """The proof of `record_proof` where nobody has to be asked for more: the repo is active, and
    the nodes are at hand."""
    if not found or found[0][0] != _ACTIVE:
        return None
    return _written(found[0], collection, rkey, _NOTHING)


def _proof(repo: RepoRow, collection: str, rkey: str) -> bytes | None:
    """One try; None when a commit ran meanwhile."""
    found = _BY_ID.rows(collection.encode(), rkey.encode(), bigint(repo.id))
    if not found:
        raise RepoNotFound(repo.did)
    return _written(found[0], collection, rkey, nodes.NodeSource(repo.id))


def _written(row: Row, collection: str, rkey: str, source: Mapping[bytes, bytes]) -> bytes | None:
    """The CAR; None when `source` lacks a node."""
    _, commit_cid, commit_block, root, record_cid, record = row
    try:
        tree = Tree(root, source, nodes.CACHE)
        blocks = {commit_cid: commit_block, **tree.path(f"{collection}/{rkey}".encode())}
    except MissingBlock:  # the commit removed the node
        return None
    if record_cid is not None:
        blocks[record_cid] = record
    return car.write(commit_cid, blocks.items())
