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
from accounts.pages.forms.reset import CodeGiven, ConfirmEmailForm, MailedCodeForm
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
            give(account, form, Purpose(form.cleaned_data["purpose"]))
        except XrpcError as refusal:
            form.refuse(refusal)
            return show_form(request, _CODES, form, status_of(refusal))
    return show_form(request, _CODES, form)


def give(account: Account, form: CodeGiven, purpose: Purpose) -> None:
    """A code for the identity or the deletion, for who has just proven who they are: by mail, or
    while the address is new (it may be that of somebody who stole the session) on the page. Raises
    NoPlcDid, StillElsewhere, RateLimitExceeded."""
    is_for_identity = purpose == owner_operations.PURPOSE
    if not account.is_email_trusted and is_for_identity:
        form.code_here = owner_operations.code_for_password(account)
    elif not account.is_email_trusted:
        form.code_here = email_codes.issue(account, purpose)
    else:
        if is_for_identity:
            owner_operations.request_signature(account, get_language())
        else:
            email_codes.mail(account, purpose, get_language())
        form.is_sent = True
