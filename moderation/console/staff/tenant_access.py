"""The console's page on which platform staff take access to a tenant, and give it back."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from hosting.console.page import render_page
from hosting.pages.form_errors import refuse
from hosting.tenancy.routing import host_of
from moderation.console.forms import ReasonForm
from moderation.console.views import staff_of
from moderation.staff import tenant_access
from protocol.errors import XrpcError


@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest) -> HttpResponse:
    """`/console/access/`."""
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            tenant_access.take(staff_of(request), host_of(request), form.cleaned_data["reason"])
            return redirect("console:index")
        except XrpcError as refusal:
            refuse(form, refusal, "reason")
    context = {
        "title": _("Access to this tenant"),
        "form": form,
        "access": tenant_access.current(staff_of(request), host_of(request)),
    }
    return render_page(request, "moderation/tenant_access.html", context)


@require_POST
def give_back(request: HttpRequest) -> HttpResponse:
    """End it before its time."""
    tenant_access.give_back(staff_of(request), host_of(request))
    return redirect("console:tenant_access")
