"""Signing in for an app: who it is, the code by mail, and which of several accounts."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST

from accounts.authentication import email_second_factor, sign_in_alerts
from accounts.models import Account
from accounts.oauth import authorization, devices
from accounts.oauth.opened_requests import Opened
from accounts.pages.answers import posted, show_form, status_of
from accounts.pages.cookies import client_of
from accounts.pages.oauth.forms import AppSignInCodeForm, AppSignInForm
from accounts.pages.oauth.requests import address, context, of_request
from accounts.pages.sign_in import CODE, NAME, authenticated
from protocol.errors import XrpcError


@require_http_methods(["GET", "HEAD", "POST"])
@of_request
def sign_in(request: HttpRequest, opened: Opened) -> HttpResponse:
    """`/oauth/authorize/sign-in`: by handle, e-mail or DID."""
    return page(request, opened)


def page(request: HttpRequest, opened: Opened) -> HttpResponse:
    """Who it is; then the code by mail, or on with the request."""
    form = AppSignInForm(opened, posted(request))
    if not form.is_valid():
        return show_form(request, NAME, form, shown=context(request, opened))
    try:
        account = authenticated(request, form)
        is_remembered = form.cleaned_data["is_remembered"]
        if account.needs_email_code:
            challenge = email_second_factor.start_challenge(account, get_language())
            second = AppSignInCodeForm(opened, None, challenge, is_remembered=is_remembered)
            return show_form(request, CODE, second, shown=context(request, opened))
        return signed_in(request, opened, account, is_remembered=is_remembered)
    except XrpcError as refusal:
        form.refuse(refusal)
        return show_form(request, NAME, form, status_of(refusal), context(request, opened))


@require_http_methods(["GET", "HEAD", "POST"])
@of_request
def sign_in_code(request: HttpRequest, opened: Opened) -> HttpResponse:
    """`/oauth/authorize/sign-in/code`: the second step, for those who want one."""
    form = AppSignInCodeForm(opened, posted(request))
    if not form.is_bound:
        return redirect(address(request, "oauth_sign_in"))
    if not form.is_valid():
        return show_form(request, CODE, form, shown=context(request, opened))
    given = form.cleaned_data
    try:
        account = email_second_factor.complete_challenge(
            form.host, given["challenge"], given["code"]
        )
        return signed_in(request, opened, account, is_remembered=given["is_remembered"])
    except XrpcError as refusal:
        form.refuse(refusal)
        return show_form(request, CODE, form, status_of(refusal), context(request, opened))


@require_POST
@of_request
def choose_account(request: HttpRequest, opened: Opened) -> HttpResponse:
    """`/oauth/authorize/account`: one that is signed in, another one, or one to forget."""
    if did := request.POST.get("account"):
        try:
            authorization.choose(opened, did)
        except authorization.NotSignedIn:  # not any more
            return redirect(address(request, "oauth_sign_in"))
        return redirect(address(request, "oauth_authorize"))
    if did := request.POST.get("forget"):
        for each in authorization.candidates(opened):
            if each.account.did == did:
                devices.sign_out(opened.device, each.account)
        left = authorization.candidates(opened)
        return redirect(address(request, "oauth_authorize" if left else "oauth_sign_in"))
    authorization.forget_choice(opened)
    return redirect(address(request, "oauth_sign_in"))


def signed_in(
    request: HttpRequest, opened: Opened, account: Account, *, is_remembered: bool
) -> HttpResponse:
    """Note who signed in, and go on with the request. Raises AccessDenied for another account than
    the app expects, AccountTakedown."""
    authorization.sign_in(opened, account, is_remembered=is_remembered)
    client = client_of(request)
    sign_in_alerts.note(account, client.address, client.agent)
    return redirect(address(request, "oauth_authorize"))
