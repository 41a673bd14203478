"""The page for moving to another host: step by step, whatever that host can do by itself.

A host with a wizard asks for handle and password, copies everything, and wants a code that we mail
(the code of com.atproto.identity.signPlcOperation). For one without, the page takes what that host
recommends, says in words what will change, and publishes it.
"""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.identity.plc import departures, owner_operations, updates
from accounts.models import Account
from accounts.pages.answers import posted, show_form, status_of
from accounts.pages.centre import mailed_codes
from accounts.pages.centre.fresh_proof import with_fresh_proof
from accounts.pages.centre.signed_in import for_signed_in, open_when_taken_down
from accounts.pages.forms.identity import MovingOutForm
from accounts.pages.identity import confirmation
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

_TEMPLATE: Final = "accounts/identity/moving_out.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@open_when_taken_down
@with_fresh_proof
def move_out(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/move-out`: both ways, and what a new host recommends."""
    form = MovingOutForm(host_of(request), account, posted(request))
    if form.is_valid():
        try:
            recommended = departures.read(form.cleaned_data["credentials"])
            _, data = updates.newest(account)
            wanted = departures.destination(account, data, recommended)
            intention = confirmation.leaving(recommended, data, wanted)
            return confirmation.ask(request, account, intention)
        except XrpcError as refusal:
            form.refuse(refusal)
            return _show(request, form, status_of(refusal))
    return _show(request, form)


@never_cache
@require_POST
@for_signed_in
@open_when_taken_down
@with_fresh_proof
def send_code(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/move-out/code`: the code that a new host's wizard asks for."""
    form = MovingOutForm(host_of(request), account)
    try:
        mailed_codes.give(account, form, owner_operations.PURPOSE)
    except XrpcError as refusal:
        form.problem = refusal.for_page()
        return _show(request, form, status_of(refusal))
    return _show(request, form)


def _show(request: HttpRequest, form: MovingOutForm, status: int | None = None) -> HttpResponse:
    account = form.account
    shown = {
        "account": account,
        "is_plc": account.did.startswith("did:plc:"),
        "kept_days": account.host.tenant.moved_copy_kept_days,
    }
    return show_form(request, _TEMPLATE, form, status, shown)
