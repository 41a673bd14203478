"""The last step before the PLC directory is told: what will change, and a mailed code.

What is to be confirmed travels in the form, signed by us for this account: nothing is kept of who
changes their mind. The code is mailed when the page is first shown. While the e-mail address is new
it may be a thief's, so the page itself shows the code: who sees it has just proven who they are.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.identity.did_log.history import Change, Kind, changes_between
from accounts.identity.plc import departures, owner_operations
from accounts.identity.recovery_keys import changes
from accounts.models import Account
from accounts.pages.answers import show_form, status_of
from accounts.pages.centre import mailed_codes
from accounts.pages.centre.changes import counted
from accounts.pages.centre.fresh_proof import with_fresh_proof
from accounts.pages.centre.signed_in import for_signed_in, go_to, open_when_taken_down
from accounts.pages.forms.identity import ConfirmIdentityForm
from accounts.pages.identity import wording
from hosting.tenancy.routing import host_of
from protocol.did.plc_data import PlcData
from protocol.errors import XrpcError

ADD: Final = "add"
REMOVE: Final = "remove"
LEAVE: Final = "leave"
_LIVES_S: Final = 3_600
_SALT: Final = "accounts.pages.identity.confirmation"
_TEMPLATE: Final = "accounts/identity/confirm.html"


@dataclass(frozen=True)
class Intention:
    """What somebody wants: `kind` is ADD, REMOVE or LEAVE, `given` what that takes, as JSON."""

    kind: str
    given: dict[str, Any]

    @property
    def short_key(self) -> str:
        """The key that it is about."""
        return wording.short(self.given.get("did_key", ""))

    def signed(self, account: Account) -> str:
        """As it travels in a form."""
        wanted = [account.pk, self.kind, self.given]
        return signing.dumps(wanted, salt=_SALT, compress=True)


def leaving(recommended: dict[str, Any], data: PlcData, wanted: PlcData) -> Intention:
    """To move: what the new host recommended, and what its owner is shown of `data` that becomes
    `wanted`."""
    changes = [[each.kind, each.before, each.after] for each in changes_between(data, wanted)]
    agreed = departures.name_of(wanted)
    return Intention(LEAVE, {"recommended": recommended, "agreed": agreed, "changes": changes})


def ask(request: HttpRequest, account: Account, intention: Intention) -> HttpResponse:
    """Show what will change, and mail the code. Raises what `request_signature` does."""
    form = ConfirmIdentityForm(host_of(request), account)
    form.fields["intention"].initial = intention.signed(account)
    mailed_codes.give(account, form, owner_operations.PURPOSE)
    return _show(request, form, intention)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@open_when_taken_down
@with_fresh_proof
@counted
def confirm(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/identity/confirm`: the code, or another one. Whoever just opens it has nothing to
    confirm."""
    intention = _intention_of(account, request.POST.get("intention", ""))
    if intention is None:
        return go_to(request, "did")
    if "again" in request.POST:
        return _again(request, account, intention)
    form = ConfirmIdentityForm(host_of(request), account, request.POST)
    if not form.is_valid():
        return _show(request, form, intention)
    try:
        _carry_out(account, form.cleaned_data["code"], intention)
    except XrpcError as refusal:
        form.refuse(refusal)
        return _show(request, form, intention, status_of(refusal))
    return go_to(request, "did")


def _again(request: HttpRequest, account: Account, intention: Intention) -> HttpResponse:
    form = ConfirmIdentityForm(host_of(request), account)
    form.fields["intention"].initial = intention.signed(account)
    try:
        mailed_codes.give(account, form, owner_operations.PURPOSE)
    except XrpcError as refusal:
        form.problem = refusal.for_page()
        return _show(request, form, intention, status_of(refusal))
    return _show(request, form, intention)


def _carry_out(account: Account, code: str, intention: Intention) -> None:
    given = intention.given
    if intention.kind == ADD:
        name, is_proven = given["name"], given["is_proven"]
        changes.add(account, code, given["did_key"], name=name, is_proven=is_proven)
    elif intention.kind == REMOVE:
        changes.remove(account, code, given["did_key"])
    else:
        departures.publish(account, code, given["recommended"], given.get("agreed", ""))


def _show(
    request: HttpRequest, form: ConfirmIdentityForm, intention: Intention, status: int | None = None
) -> HttpResponse:
    shown = {"account": form.account, "intention": intention, "plan": _plan(intention)}
    return show_form(request, _TEMPLATE, form, status, shown)


def _plan(intention: Intention) -> list[str]:
    """What a move changes, as it was when it was first shown: nothing else is published."""
    changes = [Change(Kind(kind), *words) for kind, *words in intention.given.get("changes", ())]
    return wording.planned(changes)


def _intention_of(account: Account, token: str) -> Intention | None:
    try:
        owner, kind, given = signing.loads(token, salt=_SALT, max_age=_LIVES_S)
    except signing.BadSignature:
        return None
    return Intention(kind, given) if owner == account.pk else None
