"""The home page of an account: what needs attention, and a row for each matter."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.delegation import roles
from accounts.delegation.roles import Deed
from accounts.identity import external_handles
from accounts.models import Account, Delegation
from accounts.pages.centre import contributions
from accounts.pages.centre.contributions import Notice, Row
from accounts.pages.centre.signed_in import acting_of, address, for_signed_in, open_to
from hosting.tenancy.routing import host_of


@never_cache
@require_safe
@for_signed_in
@open_to(Deed.SEE)
def home(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/`: who you are here, what needs you, and where everything is; for a controller,
    what their role is and what it opens."""
    if (delegation := acting_of(request)) is not None:
        return _for_controller(request, delegation)
    shown = {
        "host": host_of(request),
        "account": account,
        "notices": contributions.attention(request, account),
        "rows": contributions.rows(request, account),
    }
    return render(request, "accounts/centre/home.html", shown)


def _for_controller(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    shown = {
        "host": host_of(request),
        "account": delegation.account,
        "seen": external_handles.shown(delegation.account),
        "role": roles.TITLES[delegation.role],
        "meaning": roles.MEANINGS[delegation.role],
        "scope": delegation.scope,
        "may_change_handle": roles.may(delegation, Deed.CHANGE_HANDLE),
    }
    return render(request, "accounts/people/acting_home.html", shown)


@contributions.needs_attention
def unconfirmed_address(request: HttpRequest, account: Account) -> Iterator[Notice]:
    """An address that nobody has proven to be theirs."""
    if account.email_confirmed_at is None:
        text = _("Confirm that %s is your address: it is your way back into the account.")
        href = address(request, "confirm_email")
        yield Notice(text % account.email, _("Confirm your address"), href)


@contributions.needs_attention
def lost_handle(request: HttpRequest, account: Account) -> Iterator[Notice]:
    """A handle of another domain that does not lead here any more."""
    if account.handle and external_handles.shown(account) is None:
        text = _("@%s does not lead to your account any more; others see “invalid handle”.")
        yield Notice(text % account.handle, _("Fix it"), address(request, "own_domain"))


@contributions.has_rows(10)
def names(request: HttpRequest, account: Account) -> Iterator[Row]:
    """Handle and address."""
    href = address(request, "handle")
    yield Row(_("Handle"), f"@{account.handle}" if account.handle else _("none"), _("Change"), href)
    yield Row(_("E-mail address"), account.email, _("Change"), href)
