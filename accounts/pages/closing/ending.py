"""The pages that let an account rest, or end it. Both say what stays in the network."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authentication.email_codes import Purpose
from accounts.lifecycle import activation, deletion, planned_deletion
from accounts.models import Account
from accounts.pages.answers import posted, show_form, status_of
from accounts.pages.centre import changes, mailed_codes
from accounts.pages.centre.fresh_proof import with_fresh_proof
from accounts.pages.centre.signed_in import for_signed_in, go_to, open_when_taken_down
from accounts.pages.closing.forms import DeactivateForm, DeleteForm
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

_CLOSE: Final = "accounts/closing/close.html"
_DEACTIVATE: Final = "accounts/closing/deactivate.html"
_DELETE: Final = "accounts/closing/delete.html"


@never_cache
@require_safe
@for_signed_in
@open_when_taken_down
def close(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/close`: to rest, to move, or to end, and what each means."""
    shown: dict[str, Any] = {
        "host": host_of(request),
        "account": account,
        "deletion_at": planned_deletion.date_of(account),
    }
    return render(request, _CLOSE, shown)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@open_when_taken_down
@with_fresh_proof
@changes.counted
def deactivate(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/close/deactivate`: nobody sees the account until its owner is back, or a day."""
    form = DeactivateForm(host_of(request), account, posted(request))
    if form.is_valid():
        try:
            activation.deactivate(account, form.delete_after)
            return go_to(request, "state")
        except XrpcError as refusal:
            form.refuse(refusal)
            return show_form(request, _DEACTIVATE, form, status_of(refusal), {"account": account})
    return show_form(request, _DEACTIVATE, form, shown={"account": account})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@open_when_taken_down
@with_fresh_proof
@changes.counted
def delete(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/close/delete`: mail a code (`send`), then end the account with it."""
    is_asking = request.method == "POST" and "send" in request.POST
    form = DeleteForm(host_of(request), account, None if is_asking else posted(request))
    try:
        if is_asking:
            mailed_codes.give(account, form, Purpose.DELETE_ACCOUNT)
        elif form.is_valid():
            deletion.delete_proven(account, form.cleaned_data["code"])
            return redirect("accounts:deleted")
    except XrpcError as refusal:
        if is_asking:
            form.problem = refusal.for_page()
        else:
            form.refuse(refusal)
        return show_form(request, _DELETE, form, status_of(refusal), {"account": account})
    return show_form(request, _DELETE, form, shown={"account": account})


@require_safe
def deleted(request: HttpRequest) -> HttpResponse:
    """`/account/deleted`: it is done, and what others may still have."""
    return render(request, "accounts/closing/deleted.html", {"host": host_of(request)})
