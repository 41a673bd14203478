"""Removing blobs that no record refers to: uploads never used, and those whose records are gone.

Repeatable and safe beside uploads and commits: a row is taken away only while it is locked and
still unused, and its file goes before that transaction ends. A crash between the two leaves a row
without a file, which the next sweep takes away. An upload that meets a sweep stores its bytes again
(`blobs.stage`).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from hosting import database
from protocol import cid
from repos import blobs

UNUSED_FOR: Final = timedelta(hours=24)
_BATCH = 200

_TAKE = """
    DELETE FROM blob b USING repo r
    WHERE r.id = b.repo_id AND b.state <> 'live' AND (b.repo_id, b.cid) IN (
        SELECT repo_id, cid FROM blob WHERE state <> 'live' AND changed_at < %s
        ORDER BY changed_at LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING r.host_id, r.did, b.cid
"""
_KNOWN = "SELECT b.cid FROM blob b JOIN repo r ON r.id = b.repo_id WHERE r.did = %s"


def sweep_blobs(unused_for: timedelta = UNUSED_FOR) -> int:
    """Remove every blob unused for so long; returns how many."""
    before = timezone.now() - unused_for
    swept = 0
    while True:
        with transaction.atomic():
            taken = database.rows(_TAKE, (before, _BATCH))
            for host_id, did, blob_cid in taken:
                blobs.remove_file(host_id, did, blob_cid)
        swept += len(taken)
        if len(taken) < _BATCH:
            return swept


def sweep_files(unused_for: timedelta = UNUSED_FOR) -> int:
    """Remove files that no row knows and that have lain there so long; returns how many."""
    before = timezone.now() - unused_for
    storage = blobs.storage()
    swept = 0
    for folder, did in _folders():
        known = {cid.to_text(blob_cid) for (blob_cid,) in database.rows(_KNOWN, (did,))}
        for name in storage.listdir(folder)[1]:
            if name not in known and _is_older(f"{folder}/{name}", before):
                storage.delete(f"{folder}/{name}")
                swept += 1
    return swept


def _folders() -> Iterator[tuple[str, str]]:
    """Every repo's folder and DID: `{tenant}/{did}`."""
    storage = blobs.storage()
    if not storage.exists(""):
        return
    for tenant in storage.listdir("")[0]:
        for did in storage.listdir(tenant)[0]:
            yield f"{tenant}/{did}", did


def _is_older(path: str, moment: datetime) -> bool:
    try:
        return blobs.storage().get_modified_time(path) < moment
    except FileNotFoundError:
        return False
