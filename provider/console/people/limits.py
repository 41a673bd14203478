"""Limits of one account's own: what holds for it, who says so, and a form to change it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Account
from hosting.console import quota_rows
from hosting.console.page import focus_on_first_error, render_page
from hosting.console.site import hosts_in_view
from hosting.plans.limits import KINDS, OF_ACCOUNT, Limits
from moderation import permissions
from moderation.console.views import account_url, staff_of
from moderation.lookup import find
from moderation.permissions import Deed
from protocol.errors import XrpcError
from provider.tenancy import plans
from repos.account_transfer import quota_use

_VALUE_MAX_CHARS = 20


class LimitsForm(forms.Form):
    """A field for each limit of an account, as texts: a number, `none`, or nothing."""

    def __init__(self, own: Limits, data: Any = None) -> None:
        super().__init__(data)
        for limit in OF_ACCOUNT:
            self.fields[limit] = forms.CharField(
                label=KINDS[limit].label, max_length=_VALUE_MAX_CHARS, required=False
            )
            if limit in own:
                self.initial[limit] = "none" if own[limit] is None else own[limit]

    def given(self) -> dict[str, object]:
        """As the verb takes them: what is left empty is nobody's own."""
        return {limit: self.cleaned_data[limit].strip() or "default" for limit in OF_ACCOUNT}


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
    form = LimitsForm(own, request.POST if request.method == "POST" else None)
    if form.is_valid() and _is_changed(request, account, form, is_tenants=is_tenants):
        return redirect(account_url(account.did))
    focus_on_first_error(form)
    context: dict[str, Any] = {
        "title": _("Limits of this account"),
        "account": account,
        "usage": quota_rows.of(quota_use.of_account(account)),
        "form": form if may_change else None,
        "is_tenants": is_tenants,
    }
    status = 422 if form.errors else 200
    return render_page(request, "provider/console/account_limits.html", context, status)


def _is_changed(
    request: HttpRequest, account: Account, form: LimitsForm, *, is_tenants: bool
) -> bool:
    try:
        said = plans.set_account_limits(
            account, form.given(), staff_of(request), is_tenants=is_tenants
        )
    except XrpcError as refusal:
        field = getattr(refusal, "field", "")
        form.add_error(field if field in form.fields else None, refusal.for_page())
        return False
    messages.success(request, "; ".join(said) or _("Nothing differs."))
    return True


def _found(request: HttpRequest, did: str) -> Account:
    found = find(hosts_in_view(request), did)
    if found is None:
        raise Http404(_("No account found for this DID."))
    return found.account
