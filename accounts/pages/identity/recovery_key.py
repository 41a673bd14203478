"""The pages of recovery keys: made in the browser, tested, placed above the host's key, removed.

The private half is made by the page's script (static/recovery_key.js) and never leaves the browser:
what is sent is the public half, and a signature that proves the private half was kept. Without
scripts the page says how to make a key elsewhere, and takes its public half.
"""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.identity.plc import owner_operations
from accounts.identity.recovery_keys import changes, possession
from accounts.models import Account
from accounts.pages.answers import posted, show_form, status_of
from accounts.pages.centre.fresh_proof import with_fresh_proof
from accounts.pages.centre.signed_in import for_signed_in, go_to, open_when_taken_down
from accounts.pages.forms.identity import KeyTestForm, RecoveryKeyForm
from accounts.pages.identity import confirmation
from accounts.pages.identity.confirmation import ADD, REMOVE, Intention
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

_NEW: Final = "accounts/identity/recovery_key.html"
_TEST: Final = "accounts/identity/test_key.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@open_when_taken_down
@with_fresh_proof
def add(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/identity/recovery-key`: make or bring a key; then on to the mailed code."""
    form = RecoveryKeyForm(host_of(request), account, posted(request))
    if form.is_valid():
        try:
            return confirmation.ask(request, account, _wanted(account, form))
        except XrpcError as refusal:
            form.refuse(refusal)
            return _show(request, _NEW, form, status_of(refusal))
    return _show(request, _NEW, form)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@open_when_taken_down
def test(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/identity/recovery-key/test?key=`: whether a key in the drawer is the one that is
    listed. It changes nothing but what we know of it."""
    try:
        kept = changes.owned(account, request.GET.get("key", ""))
    except XrpcError:
        return go_to(request, "did")
    form = KeyTestForm(host_of(request), account, posted(request), did_key=kept.did_key)
    if form.is_valid():
        given = form.cleaned_data
        try:
            possession.check(account, kept.did_key, given["challenge"], given["signature"])
            changes.note_proof(account, kept.did_key)
            return go_to(request, "did")
        except XrpcError as refusal:
            form.refuse(refusal)
            return _show(request, _TEST, form, status_of(refusal))
    return _show(request, _TEST, form)


@never_cache
@require_POST
@for_signed_in
@open_when_taken_down
@with_fresh_proof
def remove(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/identity/keys/remove`: on to the mailed code."""
    wanted = Intention(REMOVE, {"did_key": request.POST.get("did_key", "")[:256]})
    try:
        return confirmation.ask(request, account, wanted)
    except XrpcError as refusal:
        form = RecoveryKeyForm(host_of(request), account)
        form.problem = refusal.for_page()
        return _show(request, _NEW, form, status_of(refusal))


def _wanted(account: Account, form: RecoveryKeyForm) -> Intention:
    """Raises NoRotationKey, ChallengeExpired, NotProven, NoPlcDid, StillElsewhere."""
    owner_operations.check_may_sign(account)
    given = form.cleaned_data
    did_key = possession.checked_key(given["did_key"])
    is_proven = bool(given["signature"])
    if is_proven:
        possession.check(account, did_key, given["challenge"], given["signature"])
    return Intention(ADD, {"did_key": did_key, "name": given["name"], "is_proven": is_proven})


def _show(
    request: HttpRequest,
    template: str,
    form: RecoveryKeyForm | KeyTestForm,
    status: int | None = None,
) -> HttpResponse:
    shown = {"account": form.account, "challenge": possession.challenge(form.account)}
    return show_form(request, template, form, status, shown)
