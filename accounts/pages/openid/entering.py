"""Letting somebody in whom a provider vouched for, for oneself and for an app.

Who has an account signs in to it, with the account's own second factor unless the provider saw one.
Who has none chooses a handle first: nobody gets a name for good that a directory made up.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authentication.credentials import SignUpWaits
from accounts.authentication.sign_in_alerts import Way
from accounts.models import Account
from accounts.oauth.openid import admission, flows, identities
from accounts.oauth.openid.flows import Proven
from accounts.oauth.requests.opened_requests import Opened
from accounts.pages.answers import own_pages, posted, show_form, status_of
from accounts.pages.cookies import signed_in
from accounts.pages.entry.sign_in import NAME
from accounts.pages.entry.sign_up import CLOSED
from accounts.pages.factors import second_step
from accounts.pages.forms.second_step import SecondStepForm
from accounts.pages.oauth import sign_in as app_sign_in
from accounts.pages.oauth.forms import AppSecondStepForm, AppSignInForm
from accounts.pages.oauth.requests import address, context, of_request
from accounts.pages.openid import kept, way
from accounts.pages.openid.forms import NewPersonForm
from hosting import limits
from hosting.pages.security_headers import page_policy
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

_NEW: Final = "accounts/openid_new.html"
APP: Final = "app"
Shown = Mapping[str, Any]
Welcome = Callable[[Account], HttpResponse]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """`/account/sign-in/openid/enter`: back from the provider, on one's own."""
    try:
        proof = kept.proven(request, way.OWN)
        shown = {**own_pages(request), "here": request.get_full_path()}
        return _answer(request, proof, shown, partial(_welcome, request, proof))
    except XrpcError as refusal:
        return way.refused(request, refusal)


@require_safe
@of_request
def begin_for_app(request: HttpRequest, opened: Opened) -> HttpResponse:
    """`/oauth/authorize/sign-in/openid?provider=`: to the provider, then on with the request."""
    to = address(request, "oauth_openid_enter")
    try:
        return kept.go(request, way.wanted_provider(request), APP, to)
    except XrpcError as refusal:
        return _app_refused(request, opened, refusal)


@require_http_methods(["GET", "HEAD", "POST"])
@of_request
def enter_for_app(request: HttpRequest, opened: Opened) -> HttpResponse:
    """`/oauth/authorize/sign-in/openid/enter`: back from the provider, for an app."""
    try:
        proof = kept.proven(request, APP)
        shown = {**context(request, opened), "here": request.get_full_path()}
        return _answer(request, proof, shown, partial(_welcome_to_app, request, opened, proof))
    except XrpcError as refusal:
        return _app_refused(request, opened, refusal)


def _answer(request: HttpRequest, proof: Proven, shown: Shown, welcome: Welcome) -> HttpResponse:
    """Whoever is known is let in; the others see the page of who is new."""
    host, provider, person = host_of(request), proof.provider, proof.person
    account = identities.enter(host, provider, person, proof.at)
    account = account or admission.arrived(host, provider, person)
    if account is not None:
        return kept.used(request, welcome(account))
    if host.admission in CLOSED and not provider.is_admitting:
        known = {"host": host, "proof": proof, **shown}
        return render(request, _NEW, known, status=403)
    return _sign_up(request, proof, {"proof": proof, **shown}, welcome)


def _sign_up(request: HttpRequest, proof: Proven, shown: Shown, welcome: Welcome) -> HttpResponse:
    form = NewPersonForm(host_of(request), proof, posted(request))
    status = None
    if form.is_valid():
        try:
            limits.attempt(request, limits.SIGN_UP, form.host)
            wanted = form.wanted(request.META.get("REMOTE_ADDR", ""))
            account = admission.sign_up_as(form.host, proof.provider, proof.person, wanted)
            return kept.used(request, welcome(account))
        except SignUpWaits:
            known = {"host": form.host, "handle": form.wanted_handle, **shown}
            return render(request, "accounts/sign_up_held.html", known, status=202)
        except XrpcError as refusal:
            form.refuse(refusal)
            status = status_of(refusal)
    response = show_form(request, _NEW, form, status, shown)
    if form.captcha and form.captcha.sources:
        response["Content-Security-Policy"] = page_policy(form.captcha.sources)
    return response


def _welcome(request: HttpRequest, proof: Proven, account: Account) -> HttpResponse:
    flows.use(host_of(request), proof)
    if proof.person.has_factors:
        return signed_in(request, account, Way.OPENID)
    asked = second_step.needed(request, account)
    if asked is None:
        return second_step.welcome(request, account, Way.OPENID)
    second = SecondStepForm(host_of(request), challenge=second_step.start(account, asked))
    second.ask(account, asked)
    return show_form(request, second_step.TEMPLATE, second)


def _welcome_to_app(
    request: HttpRequest, opened: Opened, proof: Proven, account: Account
) -> HttpResponse:
    flows.use(host_of(request), proof)
    asked = None if proof.person.has_factors else second_step.needed(request, account)
    if asked is None:
        return app_sign_in.signed_in(request, opened, account, Way.OPENID, is_remembered=False)
    second = AppSecondStepForm(opened, None, second_step.start(account, asked))
    second.ask(account, asked)
    return show_form(request, second_step.TEMPLATE, second, shown=context(request, opened))


def _app_refused(request: HttpRequest, opened: Opened, refusal: XrpcError) -> HttpResponse:
    form = AppSignInForm(opened)
    form.problem = form.told(refusal)
    return show_form(request, NAME, form, status_of(refusal), context(request, opened))
