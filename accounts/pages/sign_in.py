"""Sign-in pages: each is a form that checks, a verb that acts, a template that shows.

A POST that did its work answers with a redirect; one that was refused shows the form again with
422, or with 503 when the directory is to blame and sending it again will help, or with 429 when it
came too often.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.authentication import credentials, email_second_factor
from accounts.models import Account
from accounts.pages.answers import posted, show_form, status_of
from accounts.pages.cookies import client_of, signed_in, signed_out
from accounts.pages.forms.accounts import SignInForm
from accounts.pages.forms.reset import SignInCodeForm
from hosting import limits
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

NAME = "accounts/sign_in.html"
CODE = "accounts/sign_in_code.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """`/account/sign-in`: by handle, e-mail or DID."""
    form = SignInForm(host_of(request), posted(request))
    if form.is_valid():
        try:
            account = authenticated(request, form)
            if account.needs_email_code:
                return _ask_for_code(request, account)
            return signed_in(request, account)
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
    """`/account/sign-in/code`: the second step, for those who want one."""
    form = SignInCodeForm(host_of(request), posted(request))
    if not form.is_bound:
        return redirect("accounts:sign_in")
    if form.is_valid():
        given = form.cleaned_data
        try:
            account = email_second_factor.complete_challenge(
                form.host, given["challenge"], given["code"]
            )
            return signed_in(request, account)
        except XrpcError as refusal:
            form.refuse(refusal)
            return show_form(request, CODE, form, status_of(refusal))
    return show_form(request, CODE, form)


def _ask_for_code(request: HttpRequest, account: Account) -> HttpResponse:
    challenge = email_second_factor.start_challenge(account, get_language())
    form = SignInCodeForm(host_of(request), challenge=challenge)
    return show_form(request, CODE, form)


@require_POST
def sign_out(request: HttpRequest, who: str = "") -> HttpResponse:
    """`/account/sign-out`: of the account that the address names, else of all in this browser. A
    POST, so that no foreign page can sign anybody out."""
    return signed_out(request, who)
