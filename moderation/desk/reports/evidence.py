"""Evidence of reports: what one was about, kept although its author deletes it.

A report that the host keeps makes a copy of the record as it is then (of an account: its profile)
and holds the blobs that it names (repos.blobs.holds). Only records of the reporter's own tenant are
copied, each version once; how much is bounded a record, a reporter (all from outside count as one)
and a host. It goes after `EVIDENCE_DAYS`, counted from the latest report about it, not with the
record or the account; or when it is discarded (moderation.desk.reports.evidence_access). Files that
another copy names stay with that one.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from hosting.models import Host, HostQuerySet
from moderation import lookup
from moderation.lookup import Found
from moderation.models import Evidence, EvidenceQuerySet, LegalHold, Report
from protocol import cid
from protocol.syntax import AtUri
from repos.blobs import holds
from repos.blobs.blob_refs import BlobRef
from repos.blobs.blobs import BlobNotFound, OpenBlob
from repos.blobs.holds import Bounds
from repos.blobs.types import declared_types
from repos.models import Record, Repo
from server.database import connection

logger = structlog.stdlib.get_logger(__name__)
PROFILE: Final = "app.bsky.actor.profile/self"
BLOBS_MAX: Final = 20  # of one record
_SHARES = 20  # what one person reports takes no more than this part of a host's evidence
# Which of these blobs another copy names, by link or by text.
_SHARED = """
    SELECT DISTINCT n.cid FROM unnest(%s::bytea[], %s::text[]) n (cid, link) JOIN evidence e
      ON position(n.cid IN e.data) > 0 OR position(convert_to(n.link, 'UTF8') IN e.data) > 0
    WHERE e.host_id = %s AND e.did = %s AND e.id <> %s
"""


class Fate(models.TextChoices):
    """What became of a record after it was copied."""

    UNCHANGED = "unchanged", _("The record is still there, unchanged.")
    CHANGED = "changed", _("The record has been changed since.")
    DELETED = "deleted", _("The record has been deleted by its author since.")
    NO_ACCOUNT = "no_account", _("The account has been deleted since, and the record with it.")


def keep(report: Report) -> None:
    """Copy what a report is about, in the caller's transaction, or count on the copy that is there.

    Nothing of what is not here, names no record, or goes beyond the bounds.
    """
    path = _path(report)
    if not path or not settings.EVIDENCE_DAYS:
        return
    hosts = Host.objects.filter(tenant=report.host.tenant_id)
    kept = _reported_version(hosts, report, path)
    if kept is None:
        found = lookup.find(hosts, f"at://{report.subject_did}/{path}")
        kept = _copy(found, report) if found and found.record else None
    if kept is not None:
        report.evidence = kept
        report.save(update_fields=["evidence"])


def fate(evidence: Evidence) -> Fate:
    """What became of the record."""
    if not Repo.objects.filter(pk=evidence.repo_id).exists():
        return Fate.NO_ACCOUNT
    collection, _slash, rkey = evidence.path.partition("/")
    records = Record.objects.filter(repo_id=evidence.repo_id, collection=collection, rkey=rkey)
    now = records.values_list("cid", flat=True).first()
    if now is None:
        return Fate.DELETED
    return Fate.UNCHANGED if cid.to_text(bytes(now)) == evidence.cid else Fate.CHANGED


def files(evidence: Evidence) -> list[BlobRef]:
    """The blobs that are held for it."""
    return holds.held(evidence.repo_id, _named(evidence))


def open_file(evidence: Evidence, blob_cid: bytes) -> OpenBlob:
    """One of those. The reader closes its file. Raises BlobNotFound, StorageTimedOut."""
    if blob_cid not in _named(evidence):
        raise BlobNotFound("The record does not name this blob")
    return holds.open_held(evidence.repo_id, blob_cid)


def forget_old() -> int:
    """The sweep: evidence past its time; how many."""
    due = Evidence.objects.filter(kept_until__lte=timezone.now())
    found = list(due.values_list("pk", "host_id"))
    return sum(remove(due.filter(pk=pk), host_id) for pk, host_id in found)


@transaction.atomic
def remove(versions: EvidenceQuerySet, host_id: int) -> int:
    """Remove the copies, and end the holds of the files that no other copy names; how many. What is
    about an account under a legal hold stays."""
    _alone_at(host_id)
    gone = 0
    held = LegalHold.objects.open().filter(host_id=host_id).values("did")
    for kept in versions.exclude(did__in=held).select_for_update():
        named = _named(kept)
        links = [cid.to_text(each) for each in named]
        shared = connection.rows(_SHARED, (named, links, host_id, kept.did, kept.pk))
        holds.end(kept.repo_id, set(named) - {found for (found,) in shared})
        kept.delete()
        gone += 1
    return gone


def _path(report: Report) -> str:
    """`collection/rkey` of the reported record; a reported account stands for its profile."""
    if not report.subject_uri:
        return PROFILE
    uri = AtUri.parse(report.subject_uri)  # reports.file has read it before
    return f"{uri.collection}/{uri.rkey}" if uri.rkey else ""


def _reported_version(hosts: HostQuerySet, report: Report, path: str) -> Evidence | None:
    """A copy of the very version that was reported: the record may be gone, or another, by now."""
    versions = Evidence.objects.at(hosts).filter(did=report.subject_did, path=path)
    # Locked: whoever removes it waits for us, or we see that it is gone.
    kept = versions.filter(cid=report.subject_cid).select_for_update(no_key=True).first()
    return _kept_longer(kept) if kept else None


def _copy(found: Found, report: Report) -> Evidence | None:
    assert found.record is not None  # noqa: S101 -- keep() has looked
    host, data = found.account.host, bytes(found.record.data)
    version = {
        "host": host,
        "did": found.account.did,
        "path": f"{found.record.collection}/{found.record.rkey}",
        "cid": cid.to_text(bytes(found.record.cid)),
    }
    _alone_at(host.pk)  # bytes are counted
    if kept := Evidence.objects.filter(**version).first():
        return _kept_longer(kept)
    sharer = _sharer(report)
    room = _room(host, sharer) - len(data)
    if room < 0:
        logger.warning("no space for the evidence", report=report.pk, host=host.hostname)
        return None
    named = list(declared_types.named_in(data))
    bounds = Bounds(BLOBS_MAX, room)
    held_bytes = holds.hold(found.record.repo_id, named, _until(), bounds)
    return Evidence.objects.create(
        **version,
        repo_id=found.record.repo_id,
        data=data,
        size_bytes=len(data) + held_bytes,
        reported_by=sharer,
        kept_until=_until(),
    )


def _kept_longer(evidence: Evidence) -> Evidence:
    evidence.kept_until = _until()
    evidence.save(update_fields=["kept_until"])
    holds.extend(evidence.repo_id, _named(evidence), evidence.kept_until)
    return evidence


def _alone_at(host_id: int) -> None:
    """Copies of a host are made and removed one at a time."""
    Host.objects.select_for_update(no_key=True).get(pk=host_id)


def _sharer(report: Report) -> str:
    """Whose share a copy takes: an account's of the tenant its own. All others have one together:
    outside a new name costs nothing."""
    here = Account.objects.filter(host__tenant=report.host.tenant_id, did=report.reported_by)
    return report.reported_by if here.exists() else ""


def _room(host: Host, sharer: str) -> int:
    """Bytes that may still be kept at this host for one sharer."""
    at_host = Evidence.objects.filter(host=host)
    for_reporter = at_host.filter(reported_by=sharer)
    return min(
        settings.EVIDENCE_BYTES - at_host.kept_bytes(),
        settings.EVIDENCE_BYTES // _SHARES - for_reporter.kept_bytes(),
    )


def _until() -> datetime:
    return timezone.now() + timedelta(days=settings.EVIDENCE_DAYS)


def _named(evidence: Evidence) -> list[bytes]:
    return list(declared_types.named_in(bytes(evidence.data)))
