"""Garbage collection of blobs: uploads never used, and those whose records are gone.

A row goes first, and the same statement schedules its file's deletion (models.FileDeletion), unless
a hold takes the file over (repos.blobs.holds); the file goes after it, outside of any transaction.
A crash between the two leaves a scheduled deletion, which the next purge carries out. All of it is
repeatable, and safe beside uploads, commits and itself.
"""

import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from repos.blobs import files, holds
from server.database import connection

UNUSED_FOR: Final = timedelta(hours=24)
SHARDS: Final = tuple(f"{number:02x}" for number in range(256))
BATCH = 200
_SHARD_TURN_S = 3600

# The files of rows that go: to the hold that waits for one (repos.blobs.holds), all others away.
_REMOVE = """
    WITH gone AS (DELETE FROM blob WHERE {which} RETURNING repo_id, cid, key), kept AS (
        UPDATE blob_hold h SET key = gone.key FROM gone
        WHERE h.repo_id = gone.repo_id AND h.cid = gone.cid AND h.key IS NULL RETURNING h.key
    ), scheduled AS (
        INSERT INTO file_deletion (key, due_at)
        SELECT key, now() FROM gone WHERE key NOT IN (SELECT key FROM kept)
    ) SELECT key FROM gone
"""
_UNUSED = """
    state IN ('staged', 'idle') AND (repo_id, cid) IN (
        SELECT repo_id, cid FROM blob b WHERE state IN ('staged', 'idle') AND changed_at < %s
            AND NOT EXISTS (SELECT FROM repo_hold h WHERE h.repo_id = b.repo_id)
        ORDER BY changed_at LIMIT %s FOR UPDATE OF b SKIP LOCKED)
"""
_SWEEP = _REMOVE.format(which=_UNUSED)
_CLEAR = _REMOVE.format(which="repo_id = %s")
_UNKNOWN = """
    SELECT f.key FROM unnest(%s::text[]) f(key)
    WHERE NOT EXISTS (SELECT FROM blob b WHERE b.key = f.key)
      AND NOT EXISTS (SELECT FROM file_deletion d WHERE d.key = f.key)
      AND NOT EXISTS (SELECT FROM blob_hold h WHERE h.key = f.key)
"""


def remove_unused_blobs(unused_for: timedelta = UNUSED_FOR) -> int:
    """Remove every blob unused for so long, then every file that is due; returns how many blobs."""
    before = timezone.now() - unused_for
    swept = 0
    while gone := len(connection.rows(_SWEEP, (before, BATCH))):
        swept += gone
    holds.release_due(timezone.now())
    files.purge(timezone.now())
    return swept


def clear_repo(repo_id: int) -> int:
    """Remove the blobs of a repo that goes, in the caller's transaction; their files go later.
    Returns how many."""
    return len(connection.rows(_CLEAR, (repo_id,)))


def remove_unknown_files(unused_for: timedelta = UNUSED_FOR, shards: Iterable[str] = SHARDS) -> int:
    """Remove files that neither a blob nor a file deletion knows, and that have lain there so long.

    Uploads leave none; a database restored from a backup does. Reads one folder at a time. Returns
    how many.
    """
    before = timezone.now() - unused_for
    swept = 0
    for folder in _folders(frozenset(shards)):
        keys = [f"{folder}/{name}" for name in files.storage().listdir(folder)[1]]
        for (key,) in connection.rows(_UNKNOWN, (keys,)):
            if _is_older(key, before):
                files.storage().delete(key)
                swept += 1
    return swept


def remove_unknown_files_in_turn() -> int:
    """`remove_unknown_files` for the shard whose hour it is: once round the storage in 11 days."""
    turn = int(time.time()) // _SHARD_TURN_S
    return remove_unknown_files(shards=[SHARDS[turn % len(SHARDS)]])


def _folders(shards: frozenset[str]) -> Iterator[str]:
    """Every repo's folder in these shards, public and quarantined."""
    storage = files.storage()
    for place in files.Place:
        for tenant in _inside(place.value):
            for shard in shards.intersection(_inside(f"{place.value}/{tenant}")):
                path = f"{place.value}/{tenant}/{shard}"
                yield from (f"{path}/{did}" for did in storage.listdir(path)[0])


def _inside(folder: str) -> list[str]:
    try:
        return list(files.storage().listdir(folder)[0])
    except FileNotFoundError:  # nothing was ever written there
        return []


def _is_older(key: str, moment: datetime) -> bool:
    try:
        return files.storage().get_modified_time(key) < moment
    except FileNotFoundError:
        return False
