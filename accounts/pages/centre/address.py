"""The e-mail address of an account: another one."""

from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.authentication import email_address, email_codes
from accounts.authentication.email_codes import Purpose
from accounts.models import Account
from accounts.pages.answers import posted, show_form, status_of
from accounts.pages.centre import changes
from accounts.pages.centre.fresh_proof import with_fresh_proof
from accounts.pages.centre.signed_in import for_signed_in, go_to
from accounts.pages.forms.centre import AddressForm
from hosting.limits import RateLimitExceeded
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

_TEMPLATE = "accounts/centre/address.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@with_fresh_proof
def address(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/handle/address`: another address. To leave one that was confirmed takes a code from
    there, which the first answer asks for; the new one is confirmed by a code afterwards."""
    form = AddressForm(host_of(request), posted(request))
    shown: dict[str, Any] = {"account": account}
    if not form.is_valid():
        return show_form(request, _TEMPLATE, form, shown=shown)
    try:
        changes.spend(request, account)
        given = form.cleaned_data
        if not given["code"] and email_address.ask_to_change(account):
            shown["is_mailed"] = True
            return show_form(request, _TEMPLATE, form, shown=shown)
        email_address.change(account, email_address.Change(given["email"], given["code"]))
    except XrpcError as refusal:
        form.refuse(refusal)
        shown["is_mailed"] = bool(form.data.get("code"))
        return show_form(request, _TEMPLATE, form, status_of(refusal), shown)
    _mail_confirmation(account)
    return go_to(request, "confirm_email")


def _mail_confirmation(account: Account) -> None:
    """To the new address. Without it the page offers to send the code."""
    account.refresh_from_db()
    if account.email_confirmed_at is None:
        with suppress(RateLimitExceeded):
            email_codes.mail(account, Purpose.CONFIRM_EMAIL, get_language())
