"""A host's name: another one, and the move of its accounts to it, looked at before it is begun."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from hosting.console.page import render_page
from hosting.models import Host
from moderation.console.actions import Given, act_on
from moderation.console.views import staff_of
from protocol.errors import XrpcError
from provider.errors import NameTaken
from provider.models import Job
from provider.tenancy import host_renames

_JOBS_SHOWN = 10


class NameForm(forms.Form):
    """Where to."""

    to = forms.CharField(
        label=gettext_lazy("New host name"),
        max_length=253,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        help_text=gettext_lazy("It must lead to Grove when the move begins: pds.acme.example"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, host_id: int) -> HttpResponse:
    """`/console/hosts/<id>/name/`; a POST says what a move would do, or (`begin`) begins it."""
    host = get_object_or_404(Host.objects.select_related("tenant"), pk=host_id)
    initial = {"to": host.other_hostname or ""}
    form = NameForm(request.POST if request.method == "POST" else None, initial=initial)
    prepared = None
    if form.is_valid():
        try:
            if "begin" in request.POST:
                job = host_renames.begin(host, form.cleaned_data["to"], staff_of(request))
                return redirect("console:platform_job", job.pk)
            prepared = host_renames.prepare(host, form.cleaned_data["to"])
        except NameTaken:
            form.add_error("to", _("This name is taken."))
        except XrpcError as refusal:
            said = refusal.page_text or _("Enter a valid host name.")
            form.add_error("to", str(said))
    context: dict[str, Any] = {
        "title": _("Name of %s") % host.hostname,
        "host": host,
        "form": form,
        "prepared": prepared,
        "jobs": Job.objects.filter(tenant=host.tenant_id, kind=host_renames.KIND)
        .filter(given__host=host.pk)
        .order_by("-pk")[:_JOBS_SHOWN],
    }
    return render_page(request, "provider/console/host_name.html", context)


@require_POST
def drop(request: HttpRequest, host_id: int) -> HttpResponse:
    """Have the host answer under its own name alone; refused while a DID names the other one."""
    host = get_object_or_404(Host.objects.select_related("tenant"), pk=host_id)

    def verb(_given: Given) -> str:
        host_renames.drop_name(host, staff_of(request))
        return _("The second name is dropped.")

    act_on(request, forms.Form(request.POST), verb)
    return redirect("console:host_name", host_id)
