"""The page of legal matters: holds, exports of evidence, lists of files to deny."""

from collections.abc import Callable

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Account
from hosting.console.page import render_page
from hosting.console.site import hosts_in_view
from hosting.models import StaffUser
from hosting.tenancy.routing import host_of
from moderation import permissions
from moderation.console.actions import Given, act_on
from moderation.console.enforcement.forms import DenyListForm
from moderation.console.forms import ReasonForm
from moderation.console.views import staff_of
from moderation.enforcement import denied_blobs
from moderation.enforcement.legal import evidence_exports, holds
from moderation.models import EvidenceExport, LegalHold
from protocol.errors import XrpcError

_LIST = "console:legal"
_SHOWN_MAX = 100
Verb = Callable[[StaffUser, str], object]


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """`legal/`: holds that stand, exports, and the form of a list."""
    host = host_of(request)
    exports = EvidenceExport.objects.filter(host__in=hosts_in_view(request)).order_by("-pk")
    context = {
        "title": _("Legal"),
        "holds": holds.at(hosts_in_view(request)),
        "exports": exports.select_related("asked__staff")[:_SHOWN_MAX],
        "allowed": {deed.name for deed in permissions.deeds_of(staff_of(request), host.tenant_id)},
        "deny_form": DenyListForm(auto_id="deny-%s"),
    }
    return render_page(request, "moderation/enforcement/legal.html", context)


@require_POST
def place(request: HttpRequest, did: str) -> HttpResponse:
    """`accounts/<did>/hold/`: keep all of the account."""
    account = _account(request, did)
    return _done(
        request,
        lambda staff, reason: holds.place(staff, account, reason),
        _("All of the account is kept from now on."),
    )


@require_POST
def export(request: HttpRequest, did: str) -> HttpResponse:
    """`accounts/<did>/evidence/`: have the evidence exported."""
    account = _account(request, did)
    return _done(
        request,
        lambda staff, reason: evidence_exports.ask(staff, account, reason),
        _("The export is under way."),
    )


@require_POST
def ask_release(request: HttpRequest, hold_id: int) -> HttpResponse:
    """`legal/holds/<id>/ask/`: somebody wants it released."""
    hold = _hold(request, hold_id)
    return _done(
        request,
        lambda staff, reason: holds.ask_release(staff, hold, reason),
        _("Somebody else has to release it now."),
    )


@require_POST
def release(request: HttpRequest, hold_id: int) -> HttpResponse:
    """`legal/holds/<id>/release/`: by the second person."""
    hold = _hold(request, hold_id)
    return _done(
        request,
        lambda staff, reason: holds.release(staff, hold, reason),
        _("The hold is released."),
    )


@require_POST
def export_hold(request: HttpRequest, hold_id: int) -> HttpResponse:
    """`legal/holds/<id>/evidence/`: what it keeps."""
    hold = _hold(request, hold_id)
    return _done(
        request,
        lambda staff, reason: evidence_exports.ask_of_hold(staff, hold, reason),
        _("The export is under way."),
    )


@require_GET
def download(request: HttpRequest, export_id: int) -> HttpResponseBase:
    """`legal/exports/<id>/evidence.zip`, on the record."""
    rows = EvidenceExport.objects.filter(host__in=hosts_in_view(request)).select_related("host")
    found = get_object_or_404(rows, pk=export_id)
    try:
        file = evidence_exports.open_file(staff_of(request), found)
    except XrpcError as refusal:
        return HttpResponse(refusal.for_page(), status=refusal.status, content_type="text/plain")
    name = f"evidence-{found.pk}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


@require_POST
def deny_list(request: HttpRequest) -> HttpResponse:
    """`legal/deny/`: files that nobody may upload at this tenant, by CID or SHA-256."""

    def verb(given: Given) -> str:
        staff, host = staff_of(request), host_of(request)
        count = denied_blobs.deny_many(staff, host.tenant, given["listed"], given["reason"])
        return _("%s files are denied.") % count

    act_on(request, DenyListForm(request.POST, request.FILES), verb)
    return redirect(_LIST)


def _account(request: HttpRequest, did: str) -> Account:
    accounts = Account.objects.at(hosts_in_view(request)).open().select_related("host__tenant")
    return get_object_or_404(accounts, did=did)


def _hold(request: HttpRequest, hold_id: int) -> LegalHold:
    rows = LegalHold.objects.at(hosts_in_view(request)).select_related("host__tenant")
    return get_object_or_404(rows, pk=hold_id)


def _done(request: HttpRequest, verb: Verb, said: str) -> HttpResponse:
    def act(given: Given) -> str:
        verb(staff_of(request), given["reason"])
        return said

    act_on(request, ReasonForm(request.POST), act)
    return redirect(_LIST)
