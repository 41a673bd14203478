"""Access to the evidence of reports: staff see, download and discard it, by their role and on
the record.

Whoever sorts reports may see what the author has deleted. Discarding is for good, unlike
all else that moderators do, and so an owner's to decide.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hosting.models import StaffUser
from moderation import audit, permissions
from moderation.desk.reports import evidence
from moderation.models import AuditEntry, Evidence, Report
from moderation.permissions import Deed
from protocol import cid
from protocol.errors import XrpcError
from repos.blobs.blobs import BlobNotFound, OpenBlob

Action = AuditEntry.Action


class NothingKept(XrpcError):
    """404: the evidence is gone already."""

    name = "NotFound"
    status = 404

    message = "There is no copy any more."
    page_text = _("There is no copy any more.")


def download(staff: StaffUser, report: Report, blob_cid: bytes) -> OpenBlob:
    """One of the files of a report's evidence, for a member of staff, on the record.

    Raises NotAllowed, and as `evidence.open_file` does.
    """
    permissions.require(staff, Deed.EVIDENCE_LOOK, report.host.tenant_id)
    if report.evidence is None:
        raise BlobNotFound("There is no evidence")
    opened = evidence.open_file(report.evidence, blob_cid)
    _record(staff, report, report.evidence, Action.EVIDENCE_DOWNLOAD, cid.to_text(blob_cid))
    return opened


def discard(staff: StaffUser, report: Report, reason: str) -> None:
    """Remove a report's evidence before its time, from every report of that version, on the
    record. The record itself and the files of the account stay as they are.

    Raises NotAllowed, ReasonNeeded, NothingKept.
    """
    reason = permissions.checked(staff, Deed.EVIDENCE_DISCARD, report.host.tenant_id, reason)
    kept = report.evidence
    with transaction.atomic():
        if kept is None or not evidence.remove(Evidence.objects.filter(pk=kept.pk), kept.host_id):
            raise NothingKept
        _record(staff, report, kept, Action.EVIDENCE_DISCARD, kept.cid, reason)


def _record(  # noqa: PLR0913, PLR0917 - as many as the entry tells
    staff: StaffUser, report: Report, kept: Evidence, action: Action, link: str, reason: str = ""
) -> None:
    said = f"report {report.pk}: {reason}" if reason else f"report {report.pk}"
    audit.record_at_host(staff, kept.host, action, said, did=kept.did, cid=link, record=kept.path)
