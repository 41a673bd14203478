"""Exports of evidence: who may have one, how long it is kept, and who makes it.

A job writes a signed ZIP (`evidence_contents`) to the blob storage. An attempt writes a file of its
own; what a killed one leaves, the next removes before it begins.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import partial
from typing import IO, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from hosting.models import Host
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.enforcement.legal import evidence_contents
from moderation.models import AuditEntry, EvidenceExport, LegalHold
from moderation.permissions import Deed
from protocol.errors import InvalidRequest, XrpcError
from repos.account_transfer.archives import zip_stream
from repos.blobs import files
from repos.lifecycle import repo_holds
from server.jobs.back_off import pause_after
from server.jobs.queue import Queue
from server.jobs.renewal import renewed
from server.storage import free_space

OPEN_MAX: Final = 20  # of a host
MAX_ATTEMPTS: Final = 5
LEASE: Final = timedelta(seconds=30)
RENEWED_EVERY_S: Final = 5.0
_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=1)
State = EvidenceExport.State


class TooManyExports(InvalidRequest):
    """400: the host has as many under way as it may."""

    message = "Too many exports are under way"
    page_text = _("Too many exports are under way. Try again later.")


class ExportNotFound(InvalidRequest):
    """400: there is none, it is not ready yet, or it has expired."""

    message = "There is no such export"
    page_text = _("There is no such export, or it is not ready.")


def ask(actor: Actor, account: Account, reason: str) -> EvidenceExport:
    """Have the evidence about an account exported. Raises NotAllowed, ReasonNeeded,
    TooManyExports."""
    reason = permissions.checked(actor, Deed.EVIDENCE_EXPORT, account.host.tenant_id, reason)
    with transaction.atomic():
        entry = audit.record(actor, account, AuditEntry.Action.EVIDENCE_EXPORT, reason)
        hold = LegalHold.objects.open().filter(repo_id=account.pk).first()
        return begin(account.host, account.pk, account.did, entry, hold)


def ask_of_hold(actor: Actor, hold: LegalHold, reason: str) -> EvidenceExport:
    """The same for what a hold keeps, whatever became of the account."""
    reason = permissions.checked(actor, Deed.EVIDENCE_EXPORT, hold.host.tenant_id, reason)
    with transaction.atomic():
        action = AuditEntry.Action.EVIDENCE_EXPORT
        entry = audit.record_at_host(actor, hold.host, action, reason, hold.handle, did=hold.did)
        return begin(hold.host, hold.repo_id, hold.did, entry, hold)


def begin(
    host: Host, repo_id: int, did: str, entry: AuditEntry, hold: LegalHold | None
) -> EvidenceExport:
    """Write the job down, in the caller's transaction. Raises TooManyExports."""
    if EvidenceExport.objects.open().filter(host=host).count() >= OPEN_MAX:
        raise TooManyExports
    export = EvidenceExport.objects.create(
        host=host, repo_id=repo_id, did=did, asked=entry, hold=hold
    )
    transaction.on_commit(partial(queue.wake, export.pk))
    return export


def open_file(actor: Actor, export: EvidenceExport) -> IO[bytes]:
    """A finished export's file, on the record; the reader closes it. Raises NotAllowed,
    ExportNotFound, StorageTimedOut."""
    permissions.require(actor, Deed.EVIDENCE_EXPORT, export.host.tenant_id)
    if export.state != State.READY or not export.key:  # its file has expired
        raise ExportNotFound
    try:
        file = files.read(export.key)
    except FileNotFoundError:
        raise ExportNotFound from None
    action = AuditEntry.Action.EVIDENCE_DOWNLOAD
    audit.record_at_host(actor, export.host, action, f"export {export.pk}", did=export.did)
    return file


def expire(hold: LegalHold) -> None:
    """Let the exports of a hold that was released go, in the caller's transaction."""
    at = timezone.now() + timedelta(days=settings.ARCHIVE_DAYS)
    for export in EvidenceExport.objects.filter(hold=hold, state=State.READY):
        files.delete_at(export.key, at)
        EvidenceExport.objects.filter(pk=export.pk).update(expires_at=at)


def run(export_id: int) -> None:
    """Make one export, when it is due. Safe to repeat and to run in two places at once."""
    export = EvidenceExport.objects.claim(export_id, LEASE)
    if export is None:
        return
    if export.key:
        files.remove([export.key])  # of an attempt that was killed
    key = files.new_archive_key(export.host.tenant_id, export.did)
    is_kept = False
    try:
        with renewed(export, LEASE, RENEWED_EVERY_S):
            size, digest = _write(export, key)
        is_kept = _finish(export, key, size, digest)
    except (XrpcError, OSError) as fault:
        pause = pause_after(export.attempts, _FIRST_PAUSE, _LONGEST_PAUSE)
        export.postpone(timezone.now() + pause, str(fault))
    if not is_kept:
        files.remove([key])


queue: Final = Queue(
    EvidenceExport, "moderation.export_evidence", run, running_max=1, is_for_workers=True
)


def sweep() -> None:
    """Wake what is due, give up what is hopeless, and forget the names of files that expired."""
    hopeless = EvidenceExport.objects.due().filter(attempts__gte=MAX_ATTEMPTS)
    hopeless.decide(State.FAILED)
    queue.sweep()
    expired = EvidenceExport.objects.filter(expires_at__lte=timezone.now()).exclude(key="")
    expired.update(key="")


def _write(export: EvidenceExport, key: str) -> tuple[int, str]:
    """Size and SHA-256 of the file. Raises InsufficientStorage, StorageTimedOut, OSError."""
    if not export.renew(LEASE, key=key, size_bytes=0):
        raise ExportNotFound
    free_space.check(files.local_folders())
    watched = _Counted(zip_stream.chunks_of(evidence_contents.members(export), timezone.now()))
    with zip_stream.as_file(watched) as file:
        files.write(key, file)
    return watched.size, watched.digest.hexdigest()


def _finish(export: EvidenceExport, key: str, size: int, digest: str) -> bool:
    """Decide, and keep the file until it expires; whether it was ours to decide."""
    expires_at = timezone.now() + timedelta(days=settings.ARCHIVE_DAYS)
    if repo_holds.is_held(export.repo_id):
        expires_at = repo_holds.never()
    done = {"expires_at": expires_at, "size_bytes": size, "sha256": digest}
    with transaction.atomic():
        if not export.finish(State.READY, "", **done):
            return False
        if not files.delete_at(key, expires_at):
            raise files.StorageTimedOut("The export took too long")
    return True


class _Counted(Iterable[bytes]):
    """Chunks, counted and hashed as they pass; the disk is looked at as they grow."""

    _CHECKED_EVERY_BYTES: Final = 16_777_216

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.size = 0
        self.digest = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        checked = 0
        for chunk in self._chunks:
            self.size += len(chunk)
            self.digest.update(chunk)
            if self.size - checked >= self._CHECKED_EVERY_BYTES:
                checked = self.size
                free_space.check(files.local_folders())
            yield chunk
