"""The queue of blob fetching: rows that say what is due, and every change of them.

A turn claims its row, and gives it back after a minute's work, so that one large account does not
keep all others waiting.
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
from server.jobs.back_off import pause_after
from server.jobs.leased_job import anew

FIRST_AFTER: Final = timedelta(seconds=5)  # the owner's client is about to begin, too
LEASE: Final = timedelta(minutes=15)  # longer than a turn and the largest blob after it
HOST_ATTEMPTS: Final = 10  # from a minute to hours: about a day
BLOB_ATTEMPTS: Final = 6
_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=6)
# What came another way meanwhile, or is named by no record any more.
_FORGET_SETTLED = """
    DELETE FROM unfetched_blob f WHERE f.repo_id = %s AND (
        EXISTS (SELECT FROM blob b WHERE b.repo_id = f.repo_id AND b.cid = f.cid)
        OR NOT EXISTS (SELECT FROM blob_use u WHERE u.repo_id = f.repo_id AND u.cid = f.cid)
    ) RETURNING 1
"""


def begin(repo_id: int) -> None:
    """Have the missing blobs of an account that moved in brought, when its old host is known; where
    nobody can be asked, write down that some are missing.

    Called after every import; it may be repeated, and begins anew what had stopped.
    """
    if not list_missing(repo_id, limit=1):
        return
    if origin := _old_host_of(repo_id):
        _make_due(repo_id, origin, timezone.now() + FIRST_AFTER)
        return
    BlobFetch.objects.filter(pk=repo_id).delete()
    stopped = {"origin": "", "state": BlobFetch.State.STOPPED, "decided_at": timezone.now()}
    BlobFetch.objects.get_or_create(repo_id=repo_id, defaults=stopped)


def may_have_missing(repo_id: int) -> bool:
    """Whether blobs may be missing at all, by one row: for pages that are loaded all the time, and
    accounts whose records name very many that are here."""
    return BlobFetch.objects.filter(pk=repo_id).exclude(state=BlobFetch.State.DONE).exists()


def resume(repo_id: int) -> bool:
    """As `begin`, at once, and for blobs that had been given up too. Whether there is anything to
    fetch and a host to ask."""
    origin = _old_host_of(repo_id)
    if not origin or not list_missing(repo_id, limit=1):
        return False
    UnfetchedBlob.objects.filter(repo_id=repo_id).delete()
    _make_due(repo_id, origin, timezone.now())
    return True


def claim(repo_id: int) -> BlobFetch | None:
    """The row of a turn that is due and now ours."""
    return BlobFetch.objects.claim(repo_id, LEASE, attempts=F("attempts"))


def note_fetched(fetch: BlobFetch, blob_cid: bytes) -> None:
    """One blob came: the lease begins anew, and the host is known to answer."""
    UnfetchedBlob.objects.filter(repo_id=fetch.pk, cid=blob_cid).delete()
    fetch.attempts = 0
    fetch.renew(LEASE, attempts=0, fetched_count=F("fetched_count") + 1)


def note_unfetched(repo_id: int, blob_cid: bytes, why: str) -> None:
    """One blob is not to be had: ask for it again later, or no more."""
    before = UnfetchedBlob.objects.filter(repo_id=repo_id, cid=blob_cid).first()
    attempts = before.attempts + 1 if before is not None else 1
    again_at = timezone.now() + _pause(attempts) if attempts < BLOB_ATTEMPTS else None
    said = why[:500].replace("\0", " ")  # the host's words; Postgres takes no NUL in a text
    UnfetchedBlob.objects.update_or_create(
        repo_id=repo_id,
        cid=blob_cid,
        defaults={"attempts": attempts, "next_attempt_at": again_at, "last_error": said},
    )


def settle(fetch: BlobFetch) -> None:
    """All that could be had now is here: done, wait for the rest, or stop."""
    connection.rows(_FORGET_SETTLED, (fetch.pk,))
    if not list_missing(fetch.pk, limit=1):
        fetch.finish(BlobFetch.State.DONE, "")
        return
    rest = UnfetchedBlob.objects.filter(repo_id=fetch.pk)
    again_at = rest.aggregate(first=Min("next_attempt_at"))["first"]
    if again_at is None and rest.exists():
        stop(fetch, rest.order_by("cid").values_list("last_error", flat=True)[0])
    else:
        fetch.postpone(again_at or timezone.now())


def postpone(fetch: BlobFetch, refusal: HostRefused) -> None:
    """Nothing is to be had at the moment: ask again later, or no more."""
    attempts = fetch.attempts + 1
    if refusal.is_final or attempts >= HOST_ATTEMPTS:
        stop(fetch, str(refusal))
    else:
        fetch.postpone(timezone.now() + _pause(attempts), str(refusal), attempts=attempts)


def stop(fetch: BlobFetch, why: str) -> None:
    """Ask no more, unless somebody resumes it."""
    fetch.finish(BlobFetch.State.STOPPED, why)


def _old_host_of(repo_id: int) -> str:
    migrations = AccountMigration.objects.filter(account_id=repo_id)
    return migrations.values_list("moved_from", flat=True).first() or ""


def _make_due(repo_id: int, origin: str, at: datetime) -> None:
    BlobFetch.objects.update_or_create(
        repo_id=repo_id,
        defaults={"origin": origin, **anew(at)},
    )


def _pause(attempts: int) -> timedelta:
    return pause_after(attempts, _FIRST_PAUSE, _LONGEST_PAUSE)
