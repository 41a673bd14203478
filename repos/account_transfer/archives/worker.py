"""The worker of archives: the ZIP goes to the blob storage as it is made.

An attempt writes a file of its own. What a killed one leaves, the next removes before it begins;
the owner is told in the transaction that decides.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Account
from hosting.mail import emails, outbox
from protocol.errors import XrpcError
from repos.account_transfer.archives import contents, zip_stream
from repos.blobs import files
from repos.lifecycle import repo_holds
from repos.models import AccountArchive
from repos.reads import repos
from server.jobs.back_off import pause_after
from server.jobs.queue import Queue
from server.jobs.renewal import renewed
from server.storage import free_space

MAX_ATTEMPTS: Final = 5
MAX_RUNNING: Final = 1  # the other workers are for people who wait
LEASE: Final = timedelta(seconds=30)
RENEWED_EVERY_S: Final = 5.0
_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_NOTED_EVERY_BYTES: Final = 16_777_216


class ArchiveTakenBack(Exception):
    """Nobody wants this archive any more: the account went, or the lease was lost."""


def run(repo_id: int) -> None:
    """Make one archive, when it is due. Safe to repeat and to run in two places at once."""
    archive = AccountArchive.objects.claim(repo_id, LEASE)
    if archive is None:
        return
    account = Account.objects.select_related("host__tenant").filter(pk=repo_id).first()
    if account is None:
        archive.delete()
        return
    if archive.key:
        files.remove([archive.key])  # of an attempt that was killed
    key = files.new_archive_key(account.host.tenant_id, account.did)
    try:
        with renewed(archive, LEASE, RENEWED_EVERY_S):
            _write(archive, account, key)
        is_kept = _finish(archive, account, key)
    except ArchiveTakenBack:
        is_kept = False
    except (XrpcError, OSError) as fault:
        is_kept = False
        pause = pause_after(archive.attempts, _FIRST_PAUSE, _LONGEST_PAUSE)
        archive.postpone(timezone.now() + pause, str(fault))
    if not is_kept:
        files.remove([key])


queue: Final = Queue(
    AccountArchive, "repos.make_archive", run, running_max=MAX_RUNNING, is_for_workers=True
)


def _write(archive: AccountArchive, account: Account, key: str) -> None:
    """Raises ArchiveTakenBack, InsufficientStorage, StorageTimedOut, RepoNotFound, OSError."""
    expected = contents.expected_bytes(account.pk)
    if not archive.renew(LEASE, key=key, size_bytes=0, expected_bytes=expected):
        raise ArchiveTakenBack
    repo = repos.find_repo(account.host, account.did)
    chunks = zip_stream.chunks_of(contents.members(account, repo), timezone.now())
    with zip_stream.as_file(_watched(chunks, archive, key)) as file:
        files.write(key, file)


def _watched(chunks: Iterable[bytes], archive: AccountArchive, key: str) -> Iterator[bytes]:
    """The chunks, counted in the row. Raises InsufficientStorage, ArchiveTakenBack."""
    written = noted = 0
    free_space.check(files.local_folders())
    for chunk in chunks:
        written += len(chunk)
        yield chunk
        if written - noted >= _NOTED_EVERY_BYTES:
            _note(archive, key, written)
            noted = written
            free_space.check(files.local_folders())
    _note(archive, key, written)


def _note(archive: AccountArchive, key: str, written: int) -> None:
    """Say how far it is, while it is still this attempt's to do."""
    if not AccountArchive.objects.open().filter(pk=archive.pk, key=key).update(size_bytes=written):
        raise ArchiveTakenBack


def _finish(archive: AccountArchive, account: Account, key: str) -> bool:
    """Decide, keep the file until it expires, and tell the owner; whether it was ours to decide."""
    expires_at = timezone.now() + timedelta(days=settings.ARCHIVE_DAYS)
    if repo_holds.is_held(account.pk):
        expires_at = repo_holds.never()
    with transaction.atomic():
        if not archive.finish(AccountArchive.State.READY, "", expires_at=expires_at):
            return False
        if not files.delete_at(key, expires_at):
            raise files.StorageTimedOut("The archive took too long")
        _tell(account, archive.language, expires_at)
    return True


def _tell(account: Account, language: str, expires_at: datetime) -> None:
    words = {
        "handle": account.handle or account.did,
        "url": f"{account.host.origin}/account/data",
        "expires_at": expires_at,
    }
    outbox.post(
        account.host,
        account.email,
        emails.ARCHIVE_READY,
        words,
        language=language,
        cause=account.did,
    )
