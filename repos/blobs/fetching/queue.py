"""The queue of blob fetching: rows that say what is due, and every change of them.

A turn claims its row by an update that must change exactly one, and gives it back after a minute's
work, so that one large account does not keep all others waiting. A worker that dies leaves a lease
to run out.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Min
from django.utils import timezone

from accounts.models import AccountMigration
from repos.blobs.fetching.old_host import HostRefused
from repos.blobs.missing import list_missing
from repos.models import BlobFetch, UnfetchedBlob
from server.database import connection

FIRST_AFTER: Final = timedelta(seconds=5)  # the owner's client is about to begin, too
LEASE: Final = timedelta(minutes=15)  # longer than a turn and the largest blob after it
HOST_ATTEMPTS: Final = 10  # from a minute to hours: about a day
BLOB_ATTEMPTS: Final = 6
_LONGEST_PAUSE: Final = timedelta(hours=6)
# What came another way meanwhile, or is named by no record any more.
_FORGET_SETTLED = """
    DELETE FROM unfetched_blob f WHERE f.repo_id = %s AND (
        EXISTS (SELECT FROM blob b WHERE b.repo_id = f.repo_id AND b.cid = f.cid)
        OR NOT EXISTS (SELECT FROM blob_use u WHERE u.repo_id = f.repo_id AND u.cid = f.cid)
    ) RETURNING 1
"""


def begin(repo_id: int) -> None:
    """Have the missing blobs of an account that moved in brought, when its old host is known.

    Called after every import; it may be repeated, and begins anew what had stopped.
    """
    origin = _old_host_of(repo_id)
    if origin and list_missing(repo_id, limit=1):
        _make_due(repo_id, origin, timezone.now() + FIRST_AFTER)


def resume(repo_id: int) -> bool:
    """As `begin`, at once, and for blobs that had been given up too. Whether there is anything to
    fetch and a host to ask."""
    origin = _old_host_of(repo_id)
    if not origin or not list_missing(repo_id, limit=1):
        return False
    UnfetchedBlob.objects.filter(repo_id=repo_id).delete()
    _make_due(repo_id, origin, timezone.now())
    return True


def due(most: int) -> list[int]:
    """Repos whose turn has come, so many that no more than `most` turns run at a time."""
    now = timezone.now()
    running = BlobFetch.objects.filter(is_running=True, next_attempt_at__gt=now).count()
    waiting = BlobFetch.objects.filter(state=BlobFetch.State.DUE, next_attempt_at__lte=now)
    first = waiting.order_by("next_attempt_at").values_list("pk", flat=True)
    return list(first[: max(0, most - running)])


def claim(repo_id: int) -> BlobFetch | None:
    """The row of a turn that is due and now ours."""
    now = timezone.now()
    waiting = BlobFetch.objects.filter(pk=repo_id, state=BlobFetch.State.DUE)
    ours = waiting.filter(next_attempt_at__lte=now)
    if ours.update(is_running=True, next_attempt_at=now + LEASE) != 1:
        return None
    return BlobFetch.objects.filter(pk=repo_id).first()


def note_fetched(repo_id: int, blob_cid: bytes) -> None:
    """One blob came: the lease begins anew, and the host is known to answer."""
    UnfetchedBlob.objects.filter(repo_id=repo_id, cid=blob_cid).delete()
    BlobFetch.objects.filter(pk=repo_id).update(
        fetched_count=F("fetched_count") + 1, attempts=0, next_attempt_at=timezone.now() + LEASE
    )


def note_unfetched(repo_id: int, blob_cid: bytes, why: str) -> None:
    """One blob is not to be had: ask for it again later, or no more."""
    before = UnfetchedBlob.objects.filter(repo_id=repo_id, cid=blob_cid).first()
    attempts = before.attempts + 1 if before is not None else 1
    again_at = timezone.now() + _pause(attempts) if attempts < BLOB_ATTEMPTS else None
    UnfetchedBlob.objects.update_or_create(
        repo_id=repo_id,
        cid=blob_cid,
        defaults={"attempts": attempts, "next_attempt_at": again_at, "last_error": why[:500]},
    )


def settle(fetch: BlobFetch) -> None:
    """All that could be had now is here: done, wait for the rest, or stop."""
    connection.rows(_FORGET_SETTLED, (fetch.pk,))
    if not list_missing(fetch.pk, limit=1):
        _decide(fetch, BlobFetch.State.DONE, "")
        return
    rest = UnfetchedBlob.objects.filter(repo_id=fetch.pk)
    again_at = rest.aggregate(first=Min("next_attempt_at"))["first"]
    if again_at is None and rest.exists():
        stop(fetch, rest.order_by("cid").values_list("last_error", flat=True)[0])
    else:
        give_back(fetch, again_at or timezone.now())


def postpone(fetch: BlobFetch, refusal: HostRefused) -> None:
    """Nothing is to be had at the moment: ask again later, or no more."""
    fetch.refresh_from_db(fields=["attempts"])
    attempts = fetch.attempts + 1
    if refusal.is_final or attempts >= HOST_ATTEMPTS:
        stop(fetch, str(refusal))
        return
    BlobFetch.objects.filter(pk=fetch.pk).update(
        attempts=attempts,
        last_error=str(refusal)[:500],
        is_running=False,
        next_attempt_at=timezone.now() + _pause(attempts),
    )


def give_back(fetch: BlobFetch, next_at: datetime) -> None:
    """The turn is over, the work is not."""
    BlobFetch.objects.filter(pk=fetch.pk).update(is_running=False, next_attempt_at=next_at)


def stop(fetch: BlobFetch, why: str) -> None:
    """Ask no more, unless somebody resumes it."""
    _decide(fetch, BlobFetch.State.STOPPED, why)


def _old_host_of(repo_id: int) -> str:
    migrations = AccountMigration.objects.filter(account_id=repo_id)
    return migrations.values_list("moved_from", flat=True).first() or ""


def _make_due(repo_id: int, origin: str, at: datetime) -> None:
    BlobFetch.objects.update_or_create(
        repo_id=repo_id,
        defaults={
            "origin": origin,
            "state": BlobFetch.State.DUE,
            "next_attempt_at": at,
            "is_running": False,
            "attempts": 0,
            "last_error": "",
        },
    )


def _decide(fetch: BlobFetch, state: BlobFetch.State, why: str) -> None:
    BlobFetch.objects.filter(pk=fetch.pk).update(
        state=state, last_error=why[:500], is_running=False
    )


def _pause(attempts: int) -> timedelta:
    return min(timedelta(minutes=2 ** min(attempts - 1, 20)), _LONGEST_PAUSE)
