"""Limits of one account's own: what holds for it, who says so, and a form to change it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Account
from hosting.console import quota_rows
from hosting.console.page import render_page
from hosting.console.site import hosts_in_view
from hosting.pages.form_errors import refuse
from hosting.plans.limits import OF_ACCOUNT
from moderation import permissions
from moderation.console.views import account_url, staff_of
from moderation.lookup import find
from moderation.permissions import Deed
from protocol.errors import XrpcError
from provider.console.limit_fields import LimitsForm
from provider.tenancy import plans
from repos.account_transfer import quota_use


class AccountLimitsForm(LimitsForm):
    """The limits that an account may have of its own."""

    of = OF_ACCOUNT


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, did: str) -> HttpResponse:
    """`/console/accounts/<did>/limits/`."""
    account, staff = _found(request, did), staff_of(request)
    tenant_id = account.host.tenant_id
    may_change = permissions.may(staff, Deed.SETTINGS_CHANGE, tenant_id)
    is_tenants = not permissions.may(staff, Deed.TENANTS_RUN, tenant_id)
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    own = quota_use.own_limits(account)
    form = AccountLimitsForm(own, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            said = plans.set_account_limits(account, form.given, staff, is_tenants=is_tenants)
            messages.success(request, "; ".join(said) or _("Nothing differs."))
            return redirect(account_url(account.did))
        except XrpcError as refusal:
            refuse(form, refusal)
    context = {
        "title": _("Limits of this account"),
        "account": account,
        "usage": quota_rows.of(quota_use.of_account(account)),
        "form": form if may_change else None,
        "is_tenants": is_tenants,
    }
    return render_page(request, "provider/console/account_limits.html", context)


def _found(request: HttpRequest, did: str) -> Account:
    found = find(hosts_in_view(request), did)
    if found is None:
        raise Http404(_("No account found for this DID."))
    return found.account
