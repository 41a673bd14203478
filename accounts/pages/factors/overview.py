"""The overview of second factors: each with what there is of it, and one thing to do."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.authentication.factors import passkeys, recovery_codes, second_step, trusted_browsers
from accounts.authentication.factors.holders import of_account
from accounts.models import Account, Totp
from accounts.pages.centre import contributions
from accounts.pages.centre.changes import counted
from accounts.pages.centre.contributions import Notice, Row
from accounts.pages.centre.signed_in import address, for_signed_in, go_to
from accounts.pages.factors.second_step import is_wanted
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
        "is_wanted": is_wanted(request, account),
        "browsers": trusted_browsers.of_account(account),
    }
    return render(request, "accounts/factors/overview.html", shown)


@require_POST
@for_signed_in
@counted
def trust_none(request: HttpRequest, account: Account) -> HttpResponse:
    """`.../browsers`: no browser is trusted any more. Takes no proof, because
    it gives nobody anything."""
    trusted_browsers.end_all(account)
    return go_to(request, "second_factors")


@contributions.needs_attention
def no_second_factor(request: HttpRequest, account: Account) -> Iterator[Notice]:
    """An account that a password alone opens."""
    if second_step.ways(of_account(account)) is None:
        text = _(
            "Whoever learns your password can sign in with it. Add a passkey or another factor."
        )
        yield Notice(text, _("Add a second factor"), address(request, "second_factors"))


@contributions.has_rows(25, contributions.HOME, contributions.SECURITY)
def in_words(request: HttpRequest, account: Account) -> Iterator[Row]:
    """What there is, in the row of the home page."""
    asked = second_step.ways(of_account(account))
    said = []
    if asked is not None:
        here = (asked.has_passkey, _("Passkey")), (asked.has_app, _("Authenticator app"))
        said = [str(word) for has, word in (*here, (asked.is_mailed, _("Codes by e-mail"))) if has]
    value = ", ".join(said) or _("None")
    yield Row(_("Second factors"), value, _("Change"), address(request, "second_factors"))
