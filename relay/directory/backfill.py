"""Collections of outside repos from the repos themselves, where their hosts do not say, or not all.

A host that does not serve describeRepo, or whose list lacks a collection that the relay has heard
of, is asked for the repo (getRepo, a CAR): its commit must be signed by the account's key, its tree
whole, and the tree's keys are what there is. Of a host one repo is read at a time, also when one go
begins before another is over; of REPO_BYTES and REPO_S at the most, on disk. An account is a unit:
one that a kill interrupts comes again when its claim is over, and its host's others wait for that.
"""

from functools import partial
from typing import IO, Final
from urllib.parse import urlencode

import structlog
from django.db import transaction

from accounts.identity.resolution import NetworkUnavailable, UnresolvedDid, dids
from protocol import car, syntax
from protocol.keys import PublicKey
from protocol.mst import MissingBlock, verify
from protocol.repo import commit
from relay.directory import hearing
from relay.hosts import names
from server.database import connection
from server.net import http_client
from server.storage.free_space import InsufficientStorage
from server.storage.temporary_files import TemporaryFile

HOSTS: Final = 3  # of which one repo each is read in a go
REPO_BYTES: Final = 256 * 1_048_576
NODES_BYTES: Final = 32 * 1_048_576  # of the tree, which is in memory
REPO_S: Final = 30.0
_CHUNK_BYTES: Final = 65_536
_NODE: Final = b"\xa2\x61e"  # how a node begins, and hardly any record
_TAKE_TURNS: Final = "SELECT pg_advisory_xact_lock(hashtext('grove.relay.backfill'))"
# Whoever takes them has five minutes; then they come again.
_CLAIM: Final = """
    WITH read AS (
        SELECT a.host_id FROM relay_described_repo d JOIN relay_account a ON a.id = d.account_id
        WHERE d.read_until > now()
    ), waiting AS (
        SELECT d.account_id, a.host_id, d.ask_at FROM relay_described_repo d
        JOIN relay_account a ON a.id = d.account_id
        JOIN relay_host h ON h.id = a.host_id AND h.status NOT IN ('banned', 'offline')
        WHERE d.by_car AND d.ask_at <= now() AND a.host_id NOT IN (SELECT host_id FROM read)
        ORDER BY d.ask_at LIMIT 1000
    ), first AS (
        SELECT DISTINCT ON (host_id) account_id, ask_at FROM waiting ORDER BY host_id, ask_at
    ), taken AS (
        SELECT d.account_id FROM relay_described_repo d JOIN first USING (account_id)
        ORDER BY first.ask_at LIMIT %s FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE relay_described_repo d
    SET ask_at = now() + interval '5 minutes', read_until = now() + interval '5 minutes'
    FROM taken t, relay_account a, relay_host h
    WHERE d.account_id = t.account_id AND a.id = d.account_id AND h.id = a.host_id
    RETURNING d.account_id, a.did, h.hostname
"""
_FAULTS: Final = (
    http_client.RequestFailed,
    InsufficientStorage,
    UnresolvedDid,
    NetworkUnavailable,
    MissingBlock,
    ValueError,
)

logger = structlog.stdlib.get_logger(__name__)


class UnsoundRepo(ValueError):
    """What the host sent is not the account's whole repo, or more than is read of one."""


def read_repos() -> None:
    """Read the repos of a few accounts, each of another host."""
    for account_id, did, hostname in _claimed():
        try:
            with TemporaryFile() as file:
                _fetch(did, hostname, file)
                found = collections(did, file)
        except _FAULTS as fault:
            logger.info("a repo could not be read", did=did, host=hostname, reason=str(fault))
            hearing.put_off(account_id)
        else:
            hearing.put(account_id, found)


def _claimed() -> list[tuple[int, str, str]]:
    with transaction.atomic():
        connection.row(_TAKE_TURNS, ())
        return [(row[0], row[1], row[2]) for row in connection.rows(_CLAIM, (HOSTS,))]


def collections(did: str, archive: IO[bytes]) -> list[str]:
    """The collections of a repo in a CAR, some of them where they are very many. Raises
    UnsoundRepo, CarError, CborError, MstError, MissingBlock, UnresolvedDid, NetworkUnavailable."""
    archive.seek(0)
    opened = car.stream(iter(partial(archive.read, _CHUNK_BYTES), b""))
    blocks = _nodes(opened)
    if len(opened.roots) != 1 or opened.roots[0] not in blocks:
        raise UnsoundRepo("the CAR has one root, the commit")
    signed = commit.parse(blocks[opened.roots[0]])
    key = dids.resolve_did(did).signing_key
    if signed.did != did or not key or not signed.verify(PublicKey.from_did_key(key)):
        raise UnsoundRepo("the commit is not the account's")
    written = {path.partition(b"/")[0].decode() for path, _ in verify(signed.data, blocks)}
    return sorted(filter(syntax.is_collection, written))[: hearing.COLLECTIONS]


def _nodes(opened: car.CarStream) -> dict[bytes, bytes]:
    """The blocks of a CAR that may be the tree's, and the commit."""
    found: dict[bytes, bytes] = {}
    size = 0
    for cid, block in opened.blocks:
        if cid in opened.roots or block.startswith(_NODE):
            found[cid] = block
            size += len(block)
            if size > NODES_BYTES:
                raise UnsoundRepo("the tree is larger than is read of one")
    return found


def _fetch(did: str, hostname: str, into: IO[bytes]) -> None:
    query = urlencode({"did": did})
    answer = http_client.request(
        "GET",
        f"{names.origin(hostname)}/xrpc/com.atproto.sync.getRepo?{query}",
        headers=names.HEADERS,
        timeout_s=REPO_S,
        max_bytes=REPO_BYTES,
        into=into,
    )
    if answer.status != 200:
        raise UnsoundRepo(f"getRepo: {answer.status}")
