"""Exports: begun with a passphrase or a receiver's key, looked at, downloaded until they expire.

The file names everybody at the tenant: it is the owner's, and platform staff's who took access.
"""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from hosting.console.page import render_page
from hosting.models import Tenant
from hosting.pages.form_errors import refuse
from hosting.tenancy.routing import host_of
from moderation.console.views import staff_of
from protocol.errors import XrpcError
from provider.models import Job
from provider.tenant_archive import jobs, kept_files, keys
from provider.tenant_archive.exporting import Receiver
from provider.tenant_archive.kept_files import KeptArchive
from provider.tenant_archive.keys import UnfitReceiver

_SHOWN = 20


class ExportForm(forms.Form):
    """Who can open the secrets in it."""

    passphrase = forms.CharField(
        label=gettext_lazy("Passphrase"),
        required=False,
        max_length=1_000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("At least 12 characters. Whoever receives the archive needs it."),
    )
    receiver_key = forms.CharField(
        label=gettext_lazy("Or the receiver's key"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        """Somebody can open it."""
        given = super().clean() or {}
        try:
            keys.check(given.get("passphrase", ""), given.get("receiver_key", ""))
        except UnfitReceiver:
            said = _("Enter a passphrase of at least 12 characters, or the receiver's key.")
            self.add_error("passphrase", said)
        return given


@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    """`/console/exports/`; a POST begins one: of a tenant that is not suspended it is a backup."""
    tenant = Tenant.objects.get(pk=host_of(request).tenant_id)
    form = ExportForm(request.POST) if request.method == "POST" else ExportForm()
    if form.is_valid():
        receiver = Receiver(form.cleaned_data["passphrase"], form.cleaned_data["receiver_key"])
        try:
            is_backup = tenant.suspended_at is None
            jobs.begin_export(tenant, staff_of(request), receiver, is_backup=is_backup)
            return redirect("console:exports")
        except XrpcError as refusal:
            refuse(form, refusal, "passphrase")
    context = {
        "title": _("Exports"),
        "tenant": tenant,
        "form": form,
        "rows": [
            {"job": job, "archive": _archive(job)}
            for job in jobs.exports_of(tenant.pk).select_related("staff")[:_SHOWN]
        ],
    }
    return render_page(request, "provider/console/exports.html", context)


@require_safe
def download(request: HttpRequest, job_id: int) -> HttpResponseBase:
    """The file, from wherever a download broke off; on the record."""
    host = host_of(request)
    job = get_object_or_404(jobs.exports_of(host.tenant_id), pk=job_id)
    try:
        answer = kept_files.answer(request, jobs.archive_of(job))
    except XrpcError:
        raise Http404 from None
    jobs.note(staff_of(request), host.tenant, jobs.archive_of(job), "downloaded")
    return answer


def _archive(job: Job) -> KeptArchive | None:
    """The file, if it is there."""
    try:
        return kept_files.find(jobs.archive_of(job))
    except XrpcError:
        return None
