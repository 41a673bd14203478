"""Imports: archives that are kept here, made or sent, looked at first, then begun."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from hosting.console.page import render_page
from hosting.pages.form_errors import refuse
from moderation.console.views import staff_of
from protocol.errors import XrpcError
from provider.tenant_archive import jobs, kept_files
from provider.tenant_archive.kept_files import KeptArchive
from server.web import file_forms

_SHOWN = 20
_FILES_SHOWN = 100


class ImportForm(forms.Form):
    """Which archive, and what opens its secrets."""

    archive = forms.ChoiceField(label=gettext_lazy("File"))
    passphrase = forms.CharField(
        label=gettext_lazy("Passphrase"),
        required=False,
        max_length=1_000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    private_key = forms.CharField(
        label=gettext_lazy("Or the receiver's private key"),
        required=False,
        max_length=100,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, archives: list[KeptArchive], data: Any = None) -> None:
        super().__init__(data)
        choice = self.fields["archive"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [(each.id, _named(each)) for each in archives]


@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    """`/console/imports/?archive=`: a POST looks at one, or (`begin`) has its tenant made."""
    archives = kept_files.listed()[:_FILES_SHOWN]
    form = ImportForm(archives, request.POST if request.method == "POST" else None)
    form.fields["archive"].initial = request.GET.get("archive")
    if form.is_valid():
        given = dict(form.cleaned_data)
        try:
            is_dry_run = "begin" not in request.POST
            archive_id, by = given.pop("archive"), staff_of(request)
            job = jobs.begin_import(by, archive_id, is_dry_run=is_dry_run, **given)
            return redirect("console:platform_job", job.pk)
        except XrpcError as refusal:
            refuse(form, refusal, "archive")
    return _page(request, archives, form)


@csrf_exempt  # its body is read by file_forms, which asks the browser who sent it
@require_POST
def upload(request: HttpRequest) -> HttpResponseBase:
    """`/console/imports/upload`: an archive of another server, kept here like one of ours."""
    finish, no_room = partial(_take, request), partial(_not_taken, request)
    return file_forms.answer(request, kept_files.MAX_BYTES, finish, no_room)


def _take(request: HttpRequest, files: Sequence["UploadedFile[Any]"]) -> HttpResponse:
    if not files:
        return _not_taken(request)
    try:
        archive = jobs.receive(staff_of(request), files[0])
    except XrpcError as refusal:
        return _not_taken(request, refusal)
    return redirect(reverse("console:tenant_imports", query={"archive": archive.id}))


def _not_taken(request: HttpRequest, refusal: XrpcError | None = None) -> HttpResponse:
    """The page with what is wrong with the file; rendered, since no middleware comes after."""
    archives = kept_files.listed()[:_FILES_SHOWN]
    said = refusal.for_page() if refusal else _("Choose a file.")
    return _page(request, archives, ImportForm(archives), said).render()


def _page(
    request: HttpRequest, archives: list[KeptArchive], form: ImportForm, file_error: str = ""
) -> TemplateResponse:
    context = {
        "title": _("Imports"),
        "form": form,
        "file_error": file_error,
        "archives": archives,
        "jobs": jobs.imports()[:_SHOWN],
    }
    status = 422 if file_error else None
    return render_page(request, "provider/console/imports.html", context, status)


def _named(archive: KeptArchive) -> str:
    return f"{archive.tenant} {archive.made_at[:16]} ({filesizeformat(archive.size_bytes)})"
