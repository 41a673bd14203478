"""Signing in for an app: who it is, the code by mail, and which of several accounts."""

from contextlib import suppress
from dataclasses import replace
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from accounts.authentication import sign_in_alerts
from accounts.authentication.sign_in_alerts import Way
from accounts.models import Account
from accounts.oauth import authorization, devices
from accounts.oauth.requests import controllers
from accounts.oauth.requests.opened_requests import Opened
from accounts.pages.answers import posted, show_form, status_of
from accounts.pages.cookies import carry_language, client_of
from accounts.pages.entry.sign_in import NAME, authenticated
from accounts.pages.factors import second_step
from accounts.pages.forms.accounts import PasskeySignInForm
from accounts.pages.oauth.forms import AppSecondStepForm, AppSignInForm
from accounts.pages.oauth.requests import address, context, of_request
from protocol.errors import XrpcError


@require_http_methods(["GET", "HEAD", "POST"])
@of_request
def sign_in(request: HttpRequest, opened: Opened) -> HttpResponse:
    """`/oauth/authorize/sign-in`: by handle, e-mail or DID."""
    return page(request, opened)


def page(request: HttpRequest, opened: Opened) -> HttpResponse:
    """Who it is; then the code by mail, or on with the request."""
    is_acting = "acting" in request.GET
    form = AppSignInForm(opened, posted(request), is_acting=is_acting)
    if not form.is_valid():
        shown = context(request, opened) | {"is_acting": is_acting}
        return show_form(request, NAME, form, shown=shown)
    try:
        account = authenticated(request, form)
        is_remembered = form.cleaned_data["is_remembered"]
        asked = second_step.needed(request, account)
        if asked is None:
            return signed_in(request, opened, account, is_remembered=is_remembered)
        challenge = second_step.start(account, asked)
        second = AppSecondStepForm(opened, None, challenge, is_remembered=is_remembered)
        second.ask(account, asked)
        return show_form(request, second_step.TEMPLATE, second, shown=context(request, opened))
    except XrpcError as refusal:
        form.refuse(refusal)
        return show_form(request, NAME, form, status_of(refusal), context(request, opened))


@require_http_methods(["GET", "HEAD", "POST"])
@of_request
def sign_in_code(request: HttpRequest, opened: Opened) -> HttpResponse:
    """`/oauth/authorize/sign-in/code`: the second step, for those who want one."""
    form = AppSecondStepForm(opened, posted(request))
    if not form.is_bound:
        return redirect(address(request, "oauth_sign_in"))
    status = None
    if form.is_valid():
        is_remembered = form.cleaned_data["is_remembered"]
        way = Way.TWO_STEPS
        then = partial(signed_in, request, opened, way=way, is_remembered=is_remembered)
        try:
            return second_step.complete(request, form, then)
        except XrpcError as refusal:
            form.refuse(refusal)
            status = status_of(refusal)
    second_step.ask_again(form)
    return show_form(request, second_step.TEMPLATE, form, status, context(request, opened))


@require_http_methods(["GET", "HEAD", "POST"])
@of_request
def sign_in_passkey(request: HttpRequest, opened: Opened) -> HttpResponse:
    """`/oauth/authorize/sign-in/passkey`: a passkey, and neither name nor password."""
    form = PasskeySignInForm(opened.host, posted(request))
    if not form.is_valid():
        return redirect(address(request, "oauth_sign_in"))
    is_remembered = form.cleaned_data["is_remembered"]
    try:
        account = second_step.by_passkey(request, form.cleaned_data["passkey"])
        return signed_in(request, opened, account, Way.PASSKEY, is_remembered=is_remembered)
    except XrpcError as refusal:
        again = AppSignInForm(opened)
        again.problem = again.told(refusal)
        return show_form(request, NAME, again, status_of(refusal), context(request, opened))


@require_POST
@of_request
def choose_account(request: HttpRequest, opened: Opened) -> HttpResponse:
    """`/oauth/authorize/account`: one that is signed in, one that they act for, another one, or one
    to forget."""
    if delegation := request.POST.get("acting"):
        with suppress(authorization.NotSignedIn):  # not any more: they are asked again
            authorization.act(opened, delegation)
        return redirect(address(request, "oauth_authorize"))
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
        left = authorization.candidates(opened) or controllers.of_browser(opened)
        return redirect(address(request, "oauth_authorize" if left else "oauth_sign_in"))
    authorization.forget_choice(opened)
    return redirect(address(request, "oauth_sign_in"))


def signed_in(
    request: HttpRequest,
    opened: Opened,
    account: Account,
    way: Way = Way.PASSWORD,
    *,
    is_remembered: bool,
) -> HttpResponse:
    """Note who signed in, and go on with the request. Raises AccessDenied for another account than
    the app expects, AccountTakedown."""
    authorization.sign_in(opened, account, is_remembered=is_remembered)
    client = replace(client_of(request), host_name=opened.client.host_name)
    sign_in_alerts.note(account, client, way)
    response = redirect(address(request, "oauth_authorize"))
    carry_language(request, response, account)
    return response
