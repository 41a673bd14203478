"""Imports: archives that are kept here, made or sent, looked at first, then begun."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from hosting.console.page import render_page
from hosting.pages.form_errors import refuse
from moderation.console.views import staff_of
from protocol.errors import XrpcError
from provider.tenant_archive import jobs, kept_files
from provider.tenant_archive.kept_files import KeptArchive

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
    """`/console/imports/`; a POST looks at an archive, or (`begin`) has its tenant made."""
    archives = kept_files.listed()[:_FILES_SHOWN]
    form = ImportForm(archives, request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = dict(form.cleaned_data)
        try:
            is_dry_run = "begin" not in request.POST
            archive_id, by = given.pop("archive"), staff_of(request)
            job = jobs.begin_import(by, archive_id, is_dry_run=is_dry_run, **given)
            return redirect("console:platform_job", job.pk)
        except XrpcError as refusal:
            refuse(form, refusal, "archive")
    context = {
        "title": _("Imports"),
        "form": form,
        "archives": archives,
        "jobs": jobs.imports()[:_SHOWN],
    }
    return render_page(request, "provider/console/imports.html", context)


def _named(archive: KeptArchive) -> str:
    return f"{archive.tenant} {archive.made_at[:16]} ({filesizeformat(archive.size_bytes)})"
