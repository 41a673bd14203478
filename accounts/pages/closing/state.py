"""The page of an account's state: active, deactivated, suspended, taken down or moved away.

It is the page of people who cannot use their account: what happened and why, what they can do about
it, how to take their data and leave.
"""

from collections.abc import Iterator
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.lifecycle import activation, appeals, planned_deletion
from accounts.models import Account
from accounts.pages.answers import posted, show_form, status_of
from accounts.pages.centre import changes, contributions
from accounts.pages.centre.contributions import Notice
from accounts.pages.centre.fresh_proof import with_fresh_proof
from accounts.pages.centre.signed_in import address, for_signed_in, go_to, open_when_taken_down
from accounts.pages.closing.forms import AppealForm
from hosting import limits
from hosting.limits import DAY_S, HOUR_S, Budget, bucket
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

APPEALS: Final = bucket("appeals", Budget(3, HOUR_S), Budget(5, DAY_S))  # of one account
STATE: Final = "state"  # the page's name for contributions
_STATE: Final = "accounts/closing/state.html"
_APPEAL: Final = "accounts/closing/appeal.html"


@never_cache
@require_safe
@for_signed_in
@open_when_taken_down
def state(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/state`: what the account is, why, and what can be done."""
    return render(request, _STATE, _shown(request, account))


@never_cache
@require_POST
@for_signed_in
@with_fresh_proof
@changes.counted
def activate(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/activate`: the end of a deactivation, when the DID leads here."""
    try:
        activation.activate(account)
    except XrpcError as refusal:
        shown = {**_shown(request, account), "problem": refusal.for_page()}
        return render(request, _STATE, shown, status=status_of(refusal))
    return go_to(request, "home")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@open_when_taken_down
def appeal(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/state/appeal`: a few words to the staff."""
    form = AppealForm(host_of(request), account, posted(request))
    shown: dict[str, Any] = {"account": account, "is_sent": False}
    if form.is_valid():
        try:
            limits.spend(APPEALS, form.host, account.did)
            appeals.appeal(account, form.cleaned_data["text"])
        except XrpcError as refusal:
            form.refuse(refusal)
            return show_form(request, _APPEAL, form, status_of(refusal), shown)
        shown["is_sent"] = True
    return show_form(request, _APPEAL, form, shown=shown)


def _shown(request: HttpRequest, account: Account) -> dict[str, Any]:
    return {
        "host": host_of(request),
        "account": account,
        "deletion_at": planned_deletion.date_of(account),
        "data_page": _data_page(request),
        "rows": contributions.rows(request, account, STATE),
    }


def _data_page(request: HttpRequest) -> str:
    """Where the account's data can be taken: a page of a package above, which may be absent."""
    try:
        return address(request, "data:home")
    except NoReverseMatch:
        return ""


@contributions.needs_attention
def rests(request: HttpRequest, account: Account) -> Iterator[Notice]:
    """Nobody sees the account."""
    if account.is_active:
        return
    text = _("Nobody but you sees your account at the moment.")
    if deletion_at := planned_deletion.date_of(account):
        text = _("Your account will be deleted on %s.") % date_format(deletion_at, "Y-m-d")
    yield Notice(text, _("See why, and what to do"), address(request, "state"))
