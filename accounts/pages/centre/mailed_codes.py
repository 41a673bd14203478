"""Pages for codes by mail: the address confirmed, and codes for those who know the password.

Source: com.atproto.server.confirmEmail, and accounts.authentication.email_address: an address that
came without proof gets no codes for identity and deletion. Here the owner gives the main password,
for which those methods have no place, and reads the code on the page.
"""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.authentication import email_address, email_codes
from accounts.authentication.email_codes import Purpose
from accounts.identity.plc import owner_operations
from accounts.models import Account
from accounts.pages.answers import posted, prove_password, show_form, status_of
from accounts.pages.centre.signed_in import for_signed_in, go_to, open_when_taken_down
from accounts.pages.forms.reset import ConfirmEmailForm, MailedCodeForm
from hosting import limits
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

_CONFIRM = "accounts/confirm_email.html"
_CODES = "accounts/codes.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
def confirm(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/confirm-email`: the code that was mailed at sign-up, or when it was asked for."""
    if account.email_confirmed_at is not None:
        return go_to(request, "home")
    form = ConfirmEmailForm(host_of(request), posted(request))
    form.account = account
    if form.is_valid():
        try:
            email_address.confirm(account, account.email, form.cleaned_data["code"])
            return go_to(request, "home")
        except XrpcError as refusal:
            form.refuse(refusal)
            return show_form(request, _CONFIRM, form, status_of(refusal))
    return show_form(request, _CONFIRM, form)


@require_POST
@for_signed_in
def send_confirmation(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/confirm-email/send`: the code once more."""
    form = ConfirmEmailForm(host_of(request))
    form.account = account
    try:
        if account.email_confirmed_at is None:
            email_codes.mail(account, Purpose.CONFIRM_EMAIL, get_language())
    except limits.RateLimitExceeded as refusal:
        form.problem = form.told(refusal)
        return show_form(request, _CONFIRM, form, refusal.status)
    return go_to(request, "confirm_email")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@open_when_taken_down
def codes(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/codes`: a code for the identity or the deletion, with the main password."""
    form = MailedCodeForm(host_of(request), account, posted(request))
    if form.is_valid():
        try:
            prove_password(request, form)
            if account.is_email_trusted:
                _mail(account, form)
            else:
                form.code = _code(account, form)
        except XrpcError as refusal:
            form.refuse(refusal)
            return show_form(request, _CODES, form, status_of(refusal))
        form.is_sent = True
    return show_form(request, _CODES, form)


def _mail(account: Account, form: MailedCodeForm) -> None:
    if form.is_for_identity:
        owner_operations.request_signature(account, get_language())
    else:
        email_codes.mail(account, Purpose.DELETE_ACCOUNT, get_language())


def _code(account: Account, form: MailedCodeForm) -> str:
    """The code itself: the address may be that of somebody who stole the session."""
    if form.is_for_identity:
        return owner_operations.code_for_password(account)
    return email_codes.issue(account, Purpose.DELETE_ACCOUNT)
