"""The overview of second factors: each with what there is of it, and one thing to do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.authentication.factors import passkeys, recovery_codes, trusted_browsers
from accounts.authentication.factors.holders import of_account
from accounts.models import Account, Totp
from accounts.pages.centre.signed_in import for_signed_in, go_to
from hosting.tenancy.routing import host_of


@never_cache
@require_safe
@for_signed_in
def overview(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/security/second-factors`."""
    holder = of_account(account)
    shown = {
        "host": host_of(request),
        "account": account,
        "app": Totp.objects.filter(**holder.owned).first(),
        "passkeys": passkeys.of_holder(holder),
        "codes_left": recovery_codes.left(holder),
        "has_strong": holder.has_strong(),
        "browsers": trusted_browsers.of_account(account),
    }
    return render(request, "accounts/factors/overview.html", shown)


@require_POST
@for_signed_in
def trust_none(request: HttpRequest, account: Account) -> HttpResponse:
    """`.../browsers`: no browser is trusted any more. Takes no proof, because
    it gives nobody anything."""
    trusted_browsers.end_all(account)
    return go_to(request, "second_factors")
