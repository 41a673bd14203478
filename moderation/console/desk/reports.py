"""The console's report page: what was said, what it was about then, what became of it.

What was copied (moderation.desk.reports.evidence) is for those who may take it down; its files are
downloaded, never shown in the page: what people report nobody should meet by surprise, nor run.
"""

from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hosting.console.page import render_page
from hosting.console.site import hosts_in_view
from moderation import permissions
from moderation.console.actions import Given, act_on
from moderation.console.forms import DiscardForm
from moderation.console.views import staff_of
from moderation.desk.reports import evidence, evidence_access
from moderation.models import Evidence, Report
from moderation.permissions import Deed, NotAllowed
from protocol import atjson, cid
from repos.blobs.blobs import BlobNotFound

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
}


@require_GET
def report(request: HttpRequest, report_id: int) -> HttpResponse:
    """One report, and the evidence that was kept with it."""
    found = _found(request, report_id)
    allowed = permissions.deeds_of(staff_of(request), found.host.tenant_id)
    may_see = Deed.EVIDENCE_LOOK in allowed
    context: dict[str, Any] = {
        "title": _("Report"),
        "report": found,
        "subject": found.subject_uri or found.subject_did,
        "may_see": may_see,
        "kept": found.evidence,
        "discard_form": DiscardForm(),
        "may_discard": Deed.EVIDENCE_DISCARD in allowed,
        **(_shown(found, found.evidence) if may_see and found.evidence else {}),
    }
    return render_page(request, "moderation/report.html", context)


@require_GET
def file(request: HttpRequest, report_id: int, link: str) -> HttpResponseBase:
    """Download a file that the reported record named."""
    found = _found(request, report_id)
    try:
        opened = evidence_access.download(staff_of(request), found, cid.from_text(link))
    except NotAllowed as refusal:
        return HttpResponse(refusal.for_page(), status=refusal.status)
    except (BlobNotFound, cid.InvalidCid):
        raise Http404(_("There is no such file.")) from None
    return FileResponse(
        opened.file,
        as_attachment=True,
        filename=link,
        content_type=opened.ref.mime_type,
        headers=_HEADERS,
    )


@require_POST
def discard(request: HttpRequest, report_id: int) -> HttpResponse:
    """Remove what was copied with the report before its time."""
    found = _found(request, report_id)

    def verb(given: Given) -> str:
        evidence_access.discard(staff_of(request), found, given["reason"])
        return _("The copy is discarded. Its files go within the next hours.")

    act_on(request, DiscardForm(request.POST), verb)
    return redirect("console:report", report_id)


def _found(request: HttpRequest, report_id: int) -> Report:
    reports = Report.objects.of(hosts_in_view(request)).select_related("host", "evidence")
    return get_object_or_404(reports, pk=report_id)


def _shown(found: Report, kept: Evidence) -> dict[str, Any]:
    return {
        "kept_json": atjson.from_cbor(bytes(kept.data)).decode(),
        "is_another_version": bool(found.subject_cid) and found.subject_cid != kept.cid,
        "fate": evidence.fate(kept).label,
        "files": [(cid.to_text(ref.cid), ref.mime_type, ref.size) for ref in evidence.files(kept)],
    }
