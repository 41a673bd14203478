"""Repo deletion: gone at once for everybody who asks, then removed row by row.

In the transaction that removes the account, `#account` says so on the firehose, the repo's row goes
(reads find nothing, writes end as `gone`) and a `RepoDeletion` is left behind. What was in the repo
is removed after that, in small transactions: earlier events first, so that nobody is told anew what
is deleted, then records, tree and blobs. Each step removes what is there, so a crash at any moment
costs nothing but a repetition. Source: com.atproto.server.deleteAccount,
com.atproto.sync.subscribeRepos#account.
"""

from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from accounts import signals
from accounts.lifecycle.account_migration import move_in
from accounts.models import Account
from protocol.event_stream import frames
from protocol.event_stream.frames import EventKind
from repos.blobs import files, garbage_collection
from repos.events import append
from repos.lifecycle import repo_holds
from repos.models import BlobFetch, BlobUsage, ImportJob, Repo, RepoDeletion, UnfetchedBlob
from repos.state import heads
from server.database import connection
from server.jobs.queue import Queue

DELETED: Final = "deleted"
LEASE: Final = timedelta(minutes=5)
BATCH: Final = 2_000
_AFTER_ALL_EVENTS: Final = 2**63 - 1

_ERASE = """
    WITH old AS (
        SELECT id, created_at FROM event WHERE repo_id = %(repo)s AND id < %(before)s {which}
        LIMIT %(limit)s
    ) DELETE FROM event e USING old
    WHERE e.id = old.id AND e.created_at = old.created_at RETURNING e.id
"""
_ERASE_EVENTS = _ERASE.format(which="")
# Those that wait for their number are the sequencer's: it must not meet a transaction of others.
_ERASE_NUMBERED = _ERASE.format(which="AND seq IS NOT NULL")
_CLEAR_RECORDS = """
    DELETE FROM record WHERE repo_id = %(repo)s AND (collection, rkey) IN (
        SELECT collection, rkey FROM record WHERE repo_id = %(repo)s LIMIT %(limit)s)
    RETURNING 1
"""
_CLEAR_NODES = """
    DELETE FROM node WHERE repo_id = %(repo)s AND cid IN (
        SELECT cid FROM node WHERE repo_id = %(repo)s LIMIT %(limit)s)
    RETURNING 1
"""
_CLEAR_USES = """
    DELETE FROM blob_use WHERE repo_id = %(repo)s AND (collection, rkey, cid) IN (
        SELECT collection, rkey, cid FROM blob_use WHERE repo_id = %(repo)s LIMIT %(limit)s)
    RETURNING 1
"""


def connect() -> None:
    """Connect the receivers; called once when Django is ready."""
    signals.account_deleted.connect(on_deleted, dispatch_uid="repos.on_deleted")


def on_deleted(account: Account, **_: Any) -> None:
    """Say that the account is deleted, and have its repo deleted, in the sender's transaction.

    A replay that begins right after it shows nothing of the account any more, unless it said much:
    the rest is the worker's.
    """
    heads.lock(account.pk)
    if not Repo.objects.filter(pk=account.pk).exists():
        return
    last_event_id = _announce(account)
    held_until = repo_holds.seal(account.pk)
    RepoDeletion.objects.create(
        repo_id=account.pk,
        next_attempt_at=held_until or timezone.now(),
        host_id=account.host_id,
        did=account.did,
        last_event_id=last_event_id,
    )
    batch = {"repo": account.pk, "before": last_event_id, "limit": BATCH}
    connection.rows(_ERASE_NUMBERED, batch)
    Repo.objects.filter(pk=account.pk).delete()
    transaction.on_commit(partial(queue.wake, account.pk))


def clear(repo_id: int) -> None:
    """Remove what is left of a deleted repo, unless it is held. Safe to repeat and to run in two
    places at once."""
    if repo_holds.is_held(repo_id):
        return
    pending = RepoDeletion.objects.claim(repo_id, LEASE)
    if pending is None:
        return
    for sql in (_ERASE_EVENTS, _CLEAR_RECORDS, _CLEAR_NODES, _CLEAR_USES):
        _drain(sql, pending)
    for table in (ImportJob, BlobFetch, UnfetchedBlob):
        table.objects.filter(repo_id=repo_id).delete()
    garbage_collection.clear_repo(repo_id)
    BlobUsage.objects.filter(pk=repo_id).delete()
    pending.delete()
    files.purge(timezone.now())  # the files' names are kept until they are gone


def resume(repo_id: int) -> None:
    """Go on with a deletion that a hold stopped, if any, after the caller's transaction."""
    if RepoDeletion.objects.filter(pk=repo_id).update(next_attempt_at=timezone.now()):
        transaction.on_commit(partial(queue.wake, repo_id))


queue: Final = Queue(RepoDeletion, "repos.delete_repo", clear, batch=50)


def _announce(account: Account) -> int:
    """The last word on this account: `#account` with status `deleted`; the event's id.

    Nothing of one that was only on its way here: nobody heard of it, and it may live elsewhere.
    """
    if move_in.is_moving_in(account):
        return _AFTER_ALL_EVENTS
    body = frames.account_body(
        did=account.did, active=False, status=DELETED, time=append.time_text()
    )
    return append.append(account.pk, EventKind.ACCOUNT, body)


def _drain(sql: str, pending: RepoDeletion) -> None:
    """Run a statement that removes a batch until one removes less."""
    batch = {"repo": pending.pk, "before": pending.last_event_id, "limit": BATCH}
    while len(connection.rows(sql, batch)) == BATCH:
        pending.renew(LEASE)
