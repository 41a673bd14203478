"""Sign-in pages: each is a form that checks, a verb that acts, a template that shows.

A POST that did its work answers with a redirect; one that was refused shows the form again with
422, or with 503 when the directory is to blame and sending it again will help, or with 429 when it
came too often.
"""

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.authentication import credentials
from accounts.authentication.factors import passkeys
from accounts.authentication.factors.challenges import Purpose
from accounts.authentication.sign_in_alerts import Way
from accounts.models import Account
from accounts.pages.answers import own_pages, posted, show_form, status_of
from accounts.pages.cookies import client_of, signed_in, signed_out
from accounts.pages.factors import second_step
from accounts.pages.forms.accounts import PasskeySignInForm, SignInForm
from accounts.pages.forms.second_step import SecondStepForm
from hosting import limits
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

NAME = "accounts/sign_in.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """`/account/sign-in`: by handle, e-mail or DID."""
    form = SignInForm(host_of(request), posted(request))
    if form.is_valid():
        try:
            account = authenticated(request, form)
            asked = second_step.needed(request, account)
            if asked is None:
                return second_step.welcome(request, account)
            second = SecondStepForm(form.host, challenge=second_step.start(account, asked))
            second.ask(account, asked)
            return show_form(request, second_step.TEMPLATE, second)
        except XrpcError as refusal:
            form.refuse(refusal)
            return show_form(request, NAME, form, status_of(refusal))
    return show_form(request, NAME, form)


def authenticated(request: HttpRequest, form: SignInForm) -> Account:
    """Whose name and password a valid form has. Raises InvalidLogin, RateLimitExceeded."""
    name, password = form.cleaned_data["identifier"], form.cleaned_data["password"]
    who = credentials.counted_as(form.host, name)
    with limits.logging_in(request, form.host, who, credentials.InvalidLogin):
        return credentials.authenticate(form.host, name, password, client_of(request))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """`/account/sign-in/code`: the second step, for those who have a second factor."""
    form = SecondStepForm(host_of(request), posted(request))
    if not form.is_bound:
        return redirect(own_pages(request)["pages"]["sign_in"])
    status = None
    if form.is_valid():
        try:
            then = partial(signed_in, request, way=Way.TWO_STEPS)
            return second_step.complete(request, form, then)
        except XrpcError as refusal:
            form.refuse(refusal)
            status = status_of(refusal)
    second_step.ask_again(form)
    return show_form(request, second_step.TEMPLATE, form, status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_passkey(request: HttpRequest) -> HttpResponse:
    """`/account/sign-in/passkey`: a passkey, and neither name nor password."""
    form = PasskeySignInForm(host_of(request), posted(request))
    if not form.is_valid():
        return redirect(own_pages(request)["pages"]["sign_in"])
    try:
        account = second_step.by_passkey(request, form.cleaned_data["passkey"])
        return signed_in(request, account, Way.PASSKEY)
    except XrpcError as refusal:
        again = SignInForm(form.host)
        again.problem = again.told(refusal)
        return show_form(request, NAME, again, status_of(refusal))


@never_cache
@require_safe
def passkey_options(request: HttpRequest) -> HttpResponse:
    """`/account/passkey-options`: what a browser is asked for on the sign-in pages, as JSON."""
    options = passkeys.options_to_show(host_of(request), Purpose.SIGN_IN)
    return HttpResponse(options, content_type="application/json")


@require_POST
def sign_out(request: HttpRequest, who: str = "") -> HttpResponse:
    """`/account/sign-out`: of the account that the address names, else of all in this browser. A
    POST, so that no foreign page can sign anybody out."""
    return signed_out(request, who)
