"""The worker of blob fetching: a minute for one repo, each blob checked by its CID."""

import time
from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from hosting.models import Host
from hosting.tenancy import suspension
from protocol.errors import XrpcError
from repos.blobs import uploads
from repos.blobs.fetching import old_host, queue
from repos.blobs.fetching.old_host import HostRefused, NoSuchBlob
from repos.blobs.missing import list_missing
from repos.blobs.upload_admission import BlobQuotaExceeded
from repos.blobs.uploads import Received
from repos.models import BlobFetch, Repo, UnfetchedBlob
from repos.reads.repos import RepoRow
from server.jobs.queue import Queue
from server.storage import free_space
from server.storage.free_space import InsufficientStorage
from server.storage.temporary_files import TemporaryFile

TURN_S: Final = 60.0
MAX_RUNNING: Final = 2  # turns at a time; the other workers are for people who wait
_PAGE: Final = 100


def run(repo_id: int) -> None:
    """One turn at one repo, when one is due. Safe to repeat and to run in two places at once."""
    fetch = queue.claim(repo_id)
    if fetch is None:
        return
    repo = _repo(repo_id)
    if repo is None:
        queue.stop(fetch, "The account cannot store any more blobs")
        return
    if suspension.is_put_off(fetch, repo.host_id, fetch.attempts):
        return
    try:
        _take(fetch, repo)
    except HostRefused as refusal:
        queue.postpone(fetch, refusal)
    except InsufficientStorage as refusal:
        queue.postpone(fetch, HostRefused(refusal.message))
    except BlobQuotaExceeded as refusal:
        queue.stop(fetch, refusal.message)


turns: Final = Queue(
    BlobFetch, "repos.fetch_blobs", run, running_max=MAX_RUNNING, is_for_workers=True
)


def _repo(repo_id: int) -> RepoRow | None:
    """The repo while it may be filled: its owner moves in or lives here."""
    fields = ("id", "did", "host_id", "status", "head", "rev", "record_count")
    takes_blobs = Repo.objects.filter(status__in=(Repo.Status.ACTIVE, Repo.Status.DEACTIVATED))
    found = takes_blobs.filter(pk=repo_id).values_list(*fields).first()
    return RepoRow(*found) if found is not None else None


def _take(fetch: BlobFetch, repo: RepoRow) -> None:
    """Raises HostRefused, InsufficientStorage, BlobQuotaExceeded."""
    limit_bytes = _limit_bytes(repo)
    ends_at = time.monotonic() + TURN_S
    for blob_cid in _wanted(repo.id):
        free_space.check()
        if time.monotonic() > ends_at:
            fetch.postpone(timezone.now())
            return
        _download(fetch, repo, blob_cid, limit_bytes)
    queue.settle(fetch)


def _wanted(repo_id: int) -> Iterator[bytes]:
    """Missing blobs whose time has come, in the order of their CIDs."""
    cursor = b""
    while page := list_missing(repo_id, _PAGE, cursor):
        cursor = page[-1].cid
        later = UnfetchedBlob.objects.filter(
            Q(next_attempt_at__isnull=True) | Q(next_attempt_at__gt=timezone.now()),
            repo_id=repo_id,
            cid__in=[missing.cid for missing in page],
        )
        postpone = {bytes(blob_cid) for blob_cid in later.values_list("cid", flat=True)}
        yield from (missing.cid for missing in page if missing.cid not in postpone)


def _download(fetch: BlobFetch, repo: RepoRow, blob_cid: bytes, limit_bytes: int) -> None:
    """One blob: kept, or noted as not to be had for now. Raises HostRefused, BlobQuotaExceeded."""
    with TemporaryFile() as file:
        try:
            declared_type = old_host.fetch(fetch.origin, repo.did, blob_cid, file, limit_bytes)
            file.seek(0)
            with uploads.receive(file, limit_bytes, file) as received:
                _check(received, blob_cid)
                uploads.keep(repo, received, declared_type)
        except (BlobQuotaExceeded, InsufficientStorage):
            raise
        except (NoSuchBlob, XrpcError) as refusal:
            queue.note_unfetched(repo.id, blob_cid, str(refusal))
        else:
            queue.note_fetched(fetch, blob_cid)


def _check(received: Received, blob_cid: bytes) -> None:
    if received.cid != blob_cid:
        raise NoSuchBlob("The old host returned bytes that do not match the CID")


def _limit_bytes(repo: RepoRow) -> int:
    limit = Host.objects.values_list("blob_limit_bytes", flat=True).get(pk=repo.host_id)
    return limit or int(settings.BLOB_LIMIT_BYTES)
