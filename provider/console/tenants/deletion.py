"""A page that deletes a tenant: what will happen, and its short name typed to confirm."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.models import Account
from hosting.console.page import render_page
from hosting.models import Tenant
from hosting.pages.form_errors import refuse
from moderation.console.views import staff_of
from protocol.errors import XrpcError
from provider.jobs.running import Underway
from provider.tenancy import deletion, tenants
from repos.events.retention import DAYS_KEPT


class DeletionForm(forms.Form):
    """The tenant's short name; and, unless somebody has its data, that nobody needs it."""

    confirm = forms.CharField(
        label=gettext_lazy("Short name"),
        max_length=63,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off"}),
        help_text=gettext_lazy("Type it to confirm."),
    )
    is_unexported = forms.BooleanField(
        label=gettext_lazy("Nobody needs its data. Its people are told by e-mail."),
        required=False,
    )

    def __init__(self, tenant: Tenant, data: Any = None) -> None:
        super().__init__(data)
        self.tenant = tenant
        if not tenant.hosts.exists() or deletion.is_exported(tenant):
            del self.fields["is_unexported"]

    def clean_confirm(self) -> str:
        """The short name of this tenant."""
        if self.cleaned_data["confirm"] != self.tenant.slug:
            raise forms.ValidationError(_("Enter %s.") % self.tenant.slug)
        return self.tenant.slug


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """`/console/tenant/<slug>/delete/`; a POST begins it, and a tenant without hosts is gone."""
    tenant = get_object_or_404(Tenant.objects.filter(deleted_at=None), slug=slug)
    hosts = list(tenant.hosts.order_by("pk"))
    form = DeletionForm(tenant, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            return _begun(request, tenant, form.cleaned_data.get("is_unexported", False))
        except Underway:
            form.add_error("confirm", _("It is being deleted already."))
        except XrpcError as refusal:
            refuse(form, refusal, "confirm")
    context = {
        "title": _("Delete %s") % tenant.name,
        "tenant": tenant,
        "hosts": hosts,
        "is_ready": not hosts or tenant.suspended_at is not None,
        "accounts_count": Account.objects.filter(host__in=hosts).count(),
        "days": DAYS_KEPT,
        "form": form,
    }
    return render_page(request, "provider/console/tenant_delete.html", context)


def _begun(request: HttpRequest, tenant: Tenant, is_unexported: bool) -> HttpResponse:
    if not tenant.hosts.exists():
        tenants.delete(tenant, staff_of(request))
        messages.success(request, _("%s is removed.") % tenant.name)
        return redirect("console:tenants")
    job = deletion.begin(
        tenant, staff_of(request), confirm=tenant.slug, is_unexported=is_unexported
    )
    return redirect("console:platform_job", job.pk)
