"""Moving in, before there is an account: who it is, and the proof. Nothing public happens here.

Three ways: by OAuth at the old host (move_in_oauth), with the password there, or with a recovery
key when that host is gone; the key stays in the browser, which signs a token with it.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.authentication.credentials import SignUpWaits
from accounts.models import Account
from accounts.oauth.own_client.flows import Started
from accounts.pages import cookies
from accounts.pages.answers import own_pages, posted, show_form, status_of
from accounts.signup.rules import SignUp
from hosting import limits
from hosting.limits import DAY_S, HOUR_S, MINUTE_S, Budget, Charge, bucket
from hosting.pages import host_cookies
from hosting.pages.security_headers import page_policy
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError
from repos.account_transfer.moves import beginning, oauth_sign_in
from repos.account_transfer.pages.move_forms import (
    NewHomeForm,
    OldHostForm,
    RecoveryKeyForm,
    WhoForm,
)

WHO = "account_transfer/move_in.html"
OLD_HOST = "account_transfer/move_in_password.html"
_WAY_BACK = "grove-move-in"
RECOVERY_KEY = "account_transfer/move_in_key.html"
# Each may have servers asked that the client names, or a password tried there
MOVES = bucket("moves-in", Budget(30, 5 * MINUTE_S), Budget(200, DAY_S))
MOVES_OF_DID = bucket("moves-in-of-did", Budget(20, HOUR_S))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def who(request: HttpRequest) -> HttpResponse:
    """`/account/move-in`: who moves; the answer asks for the proof."""
    form = WhoForm(host_of(request), posted(request))
    if form.is_valid():
        try:
            limits.attempt(request, MOVES, form.host)
            document = beginning.look_up(form.host, form.cleaned_data["identifier"])
        except XrpcError as refusal:
            form.refuse(refusal)
            return show_form(request, WHO, form, status_of(refusal))
        if request.POST.get("way") == "key":
            return shown(request, RECOVERY_KEY, RecoveryKeyForm(form.host, None, document))
        started = oauth_sign_in.begin(form.host, document)
        home = OldHostForm(form.host, None, document)
        page = shown(request, OLD_HOST, home, oauth_url=started.url if started else "")
        return keep_way_back(request, page, started) if started else page
    return show_form(request, WHO, form)


def way_back(request: HttpRequest) -> str:
    """What the browser knows of a sign-in that began at the old host."""
    return host_cookies.read(request, _WAY_BACK)


def keep_way_back(request: HttpRequest, response: HttpResponse, started: Started) -> HttpResponse:
    """The response, whose browser knows the way back."""
    host_cookies.keep(request, response, _WAY_BACK, started.cookie, oauth_sign_in.LASTS)
    return response


@require_POST
def with_password(request: HttpRequest) -> HttpResponse:
    """`/account/move-in/password`: sign in at the old host, and begin."""
    form = OldHostForm(host_of(request), posted(request))

    def begin(wanted: SignUp) -> Account:
        given = form.cleaned_data
        return beginning.from_old_host(form.host, wanted, given["old_password"], given["old_code"])

    return begun(request, OLD_HOST, form, begin)


@require_POST
def with_key(request: HttpRequest) -> HttpResponse:
    """`/account/move-in/key`: begin with what the recovery key signed."""
    form = RecoveryKeyForm(host_of(request), posted(request))

    def begin(wanted: SignUp) -> Account:
        return beginning.with_recovery_key(form.host, wanted, form.cleaned_data["proof"])

    return begun(request, RECOVERY_KEY, form, begin)


def begun(
    request: HttpRequest, template: str, form: NewHomeForm, begin: Callable[[SignUp], Account]
) -> HttpResponse:
    """Begin the move of a valid form; its page again where it is not, or is refused."""
    if not form.is_valid():
        return shown(request, template, form)
    did = form.cleaned_data["did"]
    wanted = replace(_wanted(request, form), did=did)
    try:
        limits.attempt(request, MOVES, form.host)
        _count_for(request, form, did)
        account = begin(wanted)
    except SignUpWaits:
        context = {"host": form.host, "handle": form.wanted_handle, **own_pages(request)}
        return render(request, "accounts/sign_up_held.html", context, status=202)
    except XrpcError as refusal:
        form.refuse(refusal)
        return shown(request, template, form, status_of(refusal))
    response = redirect("data:move")
    cookies.begin(request, response, account)
    return response


def _wanted(request: HttpRequest, form: NewHomeForm) -> SignUp:
    given = form.cleaned_data
    return SignUp(
        handle=form.wanted_handle,
        email=given["email"],
        password=given["password"],
        invite_code=given.get("invite_code"),
        verification_code=form.captcha.answer_in(form.data) if form.captcha else None,
        address=request.META.get("REMOTE_ADDR", ""),
        language=get_language(),
    )


def _count_for(request: HttpRequest, form: NewHomeForm, did: str) -> None:
    """Passwords of one DID are tried here a few times an hour, whoever asks."""
    if not limits.is_exempt(request):
        limits.spend_charges(form.host, [Charge(MOVES_OF_DID, (did,))])


def shown(
    request: HttpRequest,
    template: str,
    form: NewHomeForm,
    status: int | None = None,
    oauth_url: str = "",
) -> HttpResponse:
    """The page of a form that begins a move."""
    known: dict[str, Any] = {
        "oauth_url": oauth_url,
        "method": beginning.METHOD,
        "service_did": form.host.service_did,
    }
    response = show_form(request, template, form, status, known)
    if form.captcha and form.captcha.sources:
        response["Content-Security-Policy"] = page_policy(form.captcha.sources)
    return response
