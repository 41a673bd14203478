"""The console's page of what a tenant says itself, and of its history, which is the audit log's."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hosting.console.page import render_page
from hosting.console.site import hosts_in_view
from hosting.mail.emails import sender_of
from hosting.models import Tenant
from hosting.pages.form_errors import refuse
from hosting.tenancy.routing import host_of
from moderation import permissions
from moderation.console.staff.settings_forms import HostForm, TenantForm
from moderation.console.views import staff_of
from moderation.models import AuditEntry
from moderation.permissions import Deed
from moderation.staff import tenant_settings
from protocol.errors import XrpcError

_HISTORY_MAX = 30
_TENANT_IDS, _HOST_IDS = "tenant-%s", "host-%s"  # two forms on one page
_HISTORY = (AuditEntry.Action.HOST_CHANGE_SETTINGS, AuditEntry.Action.HOST_CHANGE_ADMISSION)
Verb = Callable[..., list[str]]


@require_GET
def shown(request: HttpRequest) -> HttpResponse:
    """`/console/settings/`."""
    return _page(request)


@require_POST
def change_tenant(request: HttpRequest) -> HttpResponse:
    """What holds at all hosts of the tenant."""
    form = TenantForm(request.POST, instance=_tenant(request), auto_id=_TENANT_IDS)
    return _changed(request, form, tenant_settings.change_tenant, tenant_form=form)


@require_POST
def change_host(request: HttpRequest) -> HttpResponse:
    """What holds at this host."""
    form = HostForm(request.POST, instance=sender_of(host_of(request)), auto_id=_HOST_IDS)
    return _changed(request, form, tenant_settings.change_sender, host_form=form)


def _changed(
    request: HttpRequest, form: TenantForm | HostForm, verb: Verb, **forms: "ModelForm[Any]"
) -> HttpResponse:
    if form.is_valid():
        try:
            reason = form.cleaned_data["reason"]
            said = verb(staff_of(request), host_of(request), form.wanted, reason)
            messages.success(request, ", ".join(said) or _("Nothing differs."))
            return redirect("console:settings")
        except XrpcError as refusal:
            refuse(form, refusal)
    return _page(request, form=form, **forms)


def _page(request: HttpRequest, **forms: "ModelForm[Any]") -> HttpResponse:
    host = host_of(request)
    history = AuditEntry.objects.filter(host__tenant=host.tenant_id, action__in=_HISTORY)
    sees = hosts_in_view(request).exists()
    context: dict[str, Any] = {
        "title": _("Settings"),
        "tenant_form": TenantForm(instance=_tenant(request), auto_id=_TENANT_IDS),
        "host_form": HostForm(instance=sender_of(host), auto_id=_HOST_IDS),
        **forms,
        "host": host,
        "may_change": permissions.may(staff_of(request), Deed.SETTINGS_CHANGE, host.tenant_id),
        "entries": history.select_related("staff")[:_HISTORY_MAX] if sees else [],
    }
    return render_page(request, "moderation/settings.html", context)


def _tenant(request: HttpRequest) -> Tenant:
    """As it is now, not as it is remembered."""
    return Tenant.objects.get(pk=host_of(request).tenant_id)
