"""App passwords: listed, made for one app each, shown once, revoked."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.authentication import app_passwords
from accounts.models import Account
from accounts.pages.answers import posted, show_form, status_of
from accounts.pages.centre import changes
from accounts.pages.centre.fresh_proof import with_fresh_proof
from accounts.pages.centre.signed_in import for_signed_in
from accounts.pages.forms.centre import AppPasswordForm
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

_LIST = "accounts/centre/app_passwords.html"
_NEW = "accounts/centre/new_app_password.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@changes.counted
def listed(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/apps/passwords`: which there are; sent with a `name`, that one is revoked."""
    if request.method == "POST":
        app_passwords.revoke(account, request.POST.get("name", "").replace("\0", ""))
        return changes.saved(request, "app_passwords")
    passwords = app_passwords.of_account(account)
    shown = {"host": host_of(request), "account": account, "passwords": passwords}
    return render(request, _LIST, shown)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@with_fresh_proof
def new(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/apps/passwords/new`: for one app; it is shown in the answer, and never again."""
    form = AppPasswordForm(host_of(request), posted(request))
    if not form.is_valid():
        return show_form(request, _NEW, form)
    given = form.cleaned_data
    try:
        changes.spend(request, account)
        row, password = app_passwords.create(
            account, given["name"], is_privileged=given["is_privileged"]
        )
    except XrpcError as refusal:
        form.refuse(refusal)
        return show_form(request, _NEW, form, status_of(refusal))
    return show_form(request, _NEW, form, shown={"made": row, "password": password})
