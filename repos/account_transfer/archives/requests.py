"""Requests for archives: one at a time an account, so many a host, gone after some days.

An archive is a row and a file. The row says who is to have it; the file's
deletion is scheduled before its first byte (repos.blobs.files), so that no crash and no deleted
account leaves one behind for longer.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import IO, Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import signals
from accounts.models import Account
from hosting import limits
from hosting.limits import DAY_S, Budget, Charge, bucket
from protocol.errors import InvalidRequest, XrpcError
from repos.account_transfer.archives import worker
from repos.account_transfer.archives.worker import queue
from repos.blobs import files
from repos.lifecycle import repo_holds
from repos.models import AccountArchive, Repo
from server.jobs.leased_job import anew

OPEN_MAX: Final = 20  # of a host
ARCHIVES: Final = bucket("archives", Budget(3, DAY_S))  # of an account


class ArchiveUnderWay(XrpcError):
    """409: the account's last archive is not ready yet."""

    name = "ArchiveUnderWay"
    status = 409
    message = "An archive of this account is being made"
    page_text = _("Your archive is being made already.")


class TooManyArchives(XrpcError):
    """503: the host has as many under way, or keeps as many bytes of them, as it may."""

    name = "TooManyArchives"
    status = 503
    message = "Too many archives are being made or kept: try again tomorrow"
    page_text = _("Too many archives are being made at the moment. Try again tomorrow.")


class ArchiveNotFound(InvalidRequest):
    """400: there is none, it is not ready yet, or it has expired."""

    name = "ArchiveNotFound"
    message = "There is no archive"


def connect() -> None:
    """Connect the receivers; called once when Django is ready."""
    for signal in (signals.account_deleted, signals.account_reopened):
        signal.connect(on_gone, dispatch_uid="repos.archives.on_gone")


def ask(account: Account, language: str) -> AccountArchive:
    """Have an archive made of an account; the one before goes. Its owner is told by mail.

    Raises ArchiveUnderWay, TooManyArchives, RateLimitExceeded.
    """
    spend(account)
    return begin(account, language)


def spend(account: Account) -> None:
    """Whether an archive may be made, which is counted; outside of any transaction. Raises what
    `ask` does."""
    before = AccountArchive.objects.filter(pk=account.pk).first()
    if before is not None and before.is_open:
        raise ArchiveUnderWay
    _check_room(account.host_id)
    if settings.RATE_LIMITS:
        limits.spend_charges(account.host, [Charge(ARCHIVES, (account.did,))])


@transaction.atomic
def begin(account: Account, language: str) -> AccountArchive:
    """Have it made, in the caller's transaction if there is one. Raises ArchiveUnderWay."""
    archive = _begun(account, language)
    transaction.on_commit(partial(queue.wake, account.pk))
    return archive


def find(account: Account) -> AccountArchive | None:
    """The account's archive, ready or not, unless it has expired."""
    archive = AccountArchive.objects.filter(pk=account.pk, host_id=account.host_id).first()
    return None if archive is None or _has_expired(archive) else archive


def open_file(account: Account) -> tuple[IO[bytes], AccountArchive]:
    """The archive's file, to be read and closed. Raises ArchiveNotFound, StorageTimedOut."""
    archive = find(account)
    if archive is None or archive.state != AccountArchive.State.READY:
        raise ArchiveNotFound
    try:
        return files.read(archive.key), archive
    except FileNotFoundError:
        raise ArchiveNotFound from None


def discard(account: Account) -> None:
    """Remove an account's archive, whether it is ready or not."""
    _discard([account.pk])


def sweep() -> None:
    """Wake what is due, give up what is hopeless, forget what has expired."""
    hopeless = AccountArchive.objects.due().filter(attempts__gte=worker.MAX_ATTEMPTS)
    hopeless.decide(AccountArchive.State.FAILED)
    queue.sweep()
    expired = AccountArchive.objects.filter(expires_at__lte=timezone.now())
    failed = AccountArchive.objects.filter(
        state=AccountArchive.State.FAILED,
        decided_at__lte=timezone.now() - timedelta(days=settings.ARCHIVE_DAYS),
    )
    for over in (expired, failed):
        _discard(list(over.values_list("pk", flat=True)[: queue.batch]))


def on_gone(account: Account, **_: Any) -> None:
    """The account goes, or is another person's: its archive goes, in the sender's transaction; one
    that is held stays, and nobody can fetch it."""
    if not repo_holds.is_held(account.pk):
        _discard([account.pk])


def keep(repo_id: int) -> None:
    """Let a held repo's archive not expire, in the caller's transaction."""
    _expire(repo_id, repo_holds.never())


def keep_no_longer(repo_id: int) -> None:
    """Let it expire again, as long after this moment as a new one would; that of an account which
    is gone at once."""
    if Repo.objects.filter(pk=repo_id).exists():
        _expire(repo_id, timezone.now() + timedelta(days=settings.ARCHIVE_DAYS))
    else:
        _discard([repo_id])


def _expire(repo_id: int, at: datetime) -> None:
    ready = AccountArchive.objects.filter(pk=repo_id, state=AccountArchive.State.READY)
    for archive in ready.select_for_update():
        files.delete_at(archive.key, at)
        archive.expires_at = at
        archive.save(update_fields=["expires_at"])


def _check_room(host_id: int) -> None:
    """Raise TooManyArchives. Two who ask at once may both be let in."""
    of_host = AccountArchive.objects.filter(host_id=host_id)
    kept = of_host.aggregate(total=Sum("size_bytes"))["total"] or 0
    if kept > settings.ARCHIVES_BYTES or of_host.open().count() >= OPEN_MAX:
        raise TooManyArchives


def _begun(account: Account, language: str) -> AccountArchive:
    """The row, waiting. Raises ArchiveUnderWay for who was slower."""
    waiting = {
        "host_id": account.host_id,
        **anew(),
        "created_at": timezone.now(),
        "language": language,
        "key": "",
        "size_bytes": 0,
        "expected_bytes": 0,
        "expires_at": None,
    }
    archive, is_new = AccountArchive.objects.select_for_update().get_or_create(
        pk=account.pk, defaults=waiting
    )
    if not is_new:
        if archive.is_open:
            raise ArchiveUnderWay
        _delete_files([archive.key])
        AccountArchive.objects.filter(pk=account.pk).update(**waiting)
        archive.refresh_from_db()
    return archive


def _discard(repo_ids: Sequence[int]) -> None:
    with transaction.atomic():
        gone = AccountArchive.objects.select_for_update().filter(pk__in=repo_ids)
        _delete_files([archive.key for archive in gone])
        AccountArchive.objects.filter(pk__in=repo_ids).delete()


def _delete_files(keys: Sequence[str]) -> None:
    """Have the files removed by the next purge."""
    for key in keys:
        files.delete_at(key, timezone.now())


def _has_expired(archive: AccountArchive) -> bool:
    return archive.expires_at is not None and archive.expires_at <= timezone.now()
