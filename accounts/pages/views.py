"""The account pages: each is a form that checks, a verb that acts, a template that shows.

A POST that did its work answers with a redirect; one that was refused shows the form again with
422, or with 503 when the directory is to blame and sending it again will help, or with 429 when it
came too often.
"""

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import credentials, handles, signup
from accounts.admission import HandleTaken
from accounts.pages import wording
from accounts.pages.cookies import account_of, signed_in, signed_out
from accounts.pages.forms import HostForm, SignInForm, SignUpForm
from hosting import limits
from hosting.limits import RateLimitExceeded
from hosting.routing import host_of
from protocol.errors import XrpcError


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """`/account/`: who you are here, and how to use it in an app."""
    account = account_of(request)
    if account is None:
        return redirect("accounts:sign_in")
    return render(request, "accounts/home.html", {"host": host_of(request), "account": account})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """`/account/sign-up`: a new account, then straight into it."""
    form = SignUpForm(host_of(request), _posted(request))
    if form.is_valid():
        try:
            limits.attempt(request, limits.SIGN_UP, form.host)
            return signed_in(request, signup.sign_up(form.host, form.wish))
        except XrpcError as refusal:
            form.refuse(refusal)
            return _form(request, "accounts/sign_up.html", form, _status_of(refusal))
    return _form(request, "accounts/sign_up.html", form)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """`/account/sign-in`: by handle, e-mail or DID."""
    form = SignInForm(host_of(request), _posted(request))
    if form.is_valid():
        given = form.cleaned_data
        try:
            name, password = given["identifier"], given["password"]
            limits.attempt(request, limits.LOGIN, form.host, name)
            with limits.guessing(request, form.host, credentials.InvalidLogin):
                account = credentials.authenticate(form.host, name, password)
            return signed_in(request, account)
        except XrpcError as refusal:
            form.refuse(refusal)
            return _form(request, "accounts/sign_in.html", form, _status_of(refusal))
    return _form(request, "accounts/sign_in.html", form)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """`/account/sign-out`: a POST, so that no foreign page can sign anybody out."""
    return signed_out(request)


@never_cache
@require_safe
def handle_available(request: HttpRequest) -> JsonResponse:
    """`/account/handle-available?handle=`: what the sign-up page's script asks while one types."""
    wanted = request.GET.get("handle", "")[:300]
    try:
        handle = handles.check_new(host_of(request), wanted)
        if handles.is_taken(handle):
            raise HandleTaken
    except XrpcError as refusal:
        return JsonResponse({"available": False, "message": wording.for_person(refusal)})
    return JsonResponse({"available": True, "message": _("@%s is free.") % handle})


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _form(
    request: HttpRequest, template: str, form: HostForm, status: int | None = None
) -> HttpResponse:
    shown = {"host": form.host, "form": form}
    return render(request, template, shown, status=status or (422 if form.errors else 200))


def _status_of(refusal: XrpcError) -> int:
    """Not 502 or 504: front doors like to replace those pages with their own."""
    if isinstance(refusal, RateLimitExceeded):
        return refusal.status
    return 503 if refusal.status >= 500 else 422
