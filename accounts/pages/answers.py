"""Responses of the account pages: a form, what is wrong with it, and the status."""

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from accounts.authentication import credentials
from accounts.authentication.factors import holders, passkeys, second_step
from accounts.authentication.factors.challenges import Purpose
from accounts.authentication.factors.second_step import Shown
from accounts.pages.cookies import client_of
from accounts.pages.forms.accounts import HostForm, OwnerForm
from hosting import limits
from hosting.limits import RateLimitExceeded
from hosting.pages import next_page
from hosting.pages.form_errors import focus_on_first_error
from protocol.errors import XrpcError

# Forms that lead from one to the other, for oneself and for an app (accounts.pages.oauth)
LINKED: Final = (
    "sign_in",
    "sign_in_code",
    "sign_in_passkey",
    "openid",
    "sign_up",
    "reset_password",
    "reset_password_code",
    "reset_password_done",
)


def own_pages(request: HttpRequest) -> dict[str, Any]:
    """What templates know of who came by themselves: `pages`, the address of each of LINKED, from
    which they still get to where they were going."""
    to = next_page.wanted(request)
    pages = {name: next_page.with_next(reverse(f"accounts:{name}"), to) for name in LINKED}
    return {"pages": pages}


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, if anything was."""
    return request.POST if request.method == "POST" else None


def show_form(
    request: HttpRequest,
    template: str,
    form: HostForm,
    status: int | None = None,
    shown: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """The form, filled in as it was; 422 when it has errors, unless told otherwise. `shown` is what
    the template knows beside it, `own_pages` by itself."""
    focus_on_first_error(form)
    context = {"host": form.host, "form": form} | dict(
        own_pages(request) if shown is None else shown
    )
    response = render(request, template, context, status=status or (422 if form.errors else 200))
    for name, value in form.refusal_headers.items():
        response[name] = value
    return response


def prove_password(request: HttpRequest, form: OwnerForm) -> None:
    """Hold the form's proof, a passkey or the password with what the account has beside it, against
    the account's; attempts count as those at the sign-in page. Raises InvalidLogin, WrongCode,
    RateLimitExceeded."""
    account, given = form.account, form.cleaned_data
    who = credentials.counted_as(form.host, account.did)
    with limits.logging_in(request, form.host, who, credentials.InvalidLogin):
        if given["proof"]:
            passkeys.show(holders.of_account(account), given["proof"], Purpose.CONFIRM)
        else:
            client = client_of(request)
            credentials.authenticate(form.host, account.did, given["password"], client)
            if form.asked is not None:
                holder, shown = holders.of_account(account), Shown(given["factor"])
                second_step.check(holder, form.asked, shown, client)


def status_of(refusal: XrpcError) -> int:
    """Not 502 or 504: reverse proxies like to replace those pages with their own."""
    if isinstance(refusal, RateLimitExceeded):
        return refusal.status
    return 503 if refusal.status >= 500 else 422
