"""A move under way: each step visible, and the person's word where it is needed.

What can be sent depends on how far the move is; whatever is sent too early or twice is refused with
a sentence, and the page shows where things stand.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.lifecycle.account_migration import move_in
from accounts.models import Account
from accounts.pages.answers import posted, show_form, status_of
from accounts.pages.centre import contributions
from accounts.pages.centre.contributions import Notice
from accounts.pages.centre.fresh_proof import with_fresh_proof
from accounts.pages.centre.signed_in import address, for_signed_in, go_to, is_still_signed_in
from accounts.pages.forms.accounts import HostForm
from hosting import limits
from hosting.tenancy.routing import host_of
from protocol.errors import InvalidRequest, XrpcError
from protocol.untrusted_input import bounded_json
from repos.account_transfer import bring_repo, overview
from repos.account_transfer.moves import beginning, copying, identity_change, old_session
from repos.account_transfer.moves.old_host_calls import OldPasswordNeeded
from repos.account_transfer.pages.move_forms import (
    CodeForm,
    OldPasswordForm,
    OldSignInForm,
    OperationForm,
)
from repos.account_transfer.pages.move_in import MOVES
from repos.models import MoveIn
from server.web import file_forms

_TEMPLATE = "account_transfer/move.html"


@never_cache
@require_safe
@for_signed_in
def move(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/move`: how far it is, and what is to be done."""
    return _shown(request, account, HostForm(host_of(request)))


@require_POST
@for_signed_in
def again(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/move/again`: try anew what stopped."""
    _move_of(account)
    return _done(request, account, HostForm(host_of(request), posted(request)), _go_on)


@require_POST
@for_signed_in
def sign_in(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/move/sign-in`: at the old host, once more."""
    form = OldSignInForm(host_of(request), posted(request))

    def act(account: Account, found: MoveIn) -> None:
        given = form.cleaned_data
        beginning.sign_in_again(account, found, given["old_password"], given["old_code"])

    return _done(request, account, form, act)


@require_POST
@for_signed_in
@with_fresh_proof
def mail_code(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/move/code`: have the old host mail one."""
    form = HostForm(host_of(request), posted(request))
    return _done(request, account, form, identity_change.mail_code)


@require_POST
@for_signed_in
@with_fresh_proof
def confirm(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/move/confirm`: with the code; from here on it is public."""
    form = CodeForm(host_of(request), posted(request))

    def act(account: Account, found: MoveIn) -> None:
        identity_change.confirm_with_code(account, found, form.cleaned_data["code"])

    return _done(request, account, form, act)


@require_POST
@for_signed_in
@with_fresh_proof
def confirm_operation(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/move/operation`: signed by the recovery key; from here on it is public."""
    form = OperationForm(host_of(request), posted(request))

    def act(account: Account, found: MoveIn) -> None:
        try:
            operation = bounded_json.loads(form.cleaned_data["operation"].encode())
        except ValueError:
            raise InvalidRequest("The operation cannot be read") from None
        identity_change.confirm_with_operation(account, found, operation)

    return _done(request, account, form, act)


@require_POST
@for_signed_in
@with_fresh_proof
def confirm_document(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/move/document`: the did:web's document names this host."""
    form = HostForm(host_of(request), posted(request))
    return _done(request, account, form, identity_change.confirm_document)


@csrf_exempt
@require_POST
@for_signed_in
@with_fresh_proof
def upload(request: HttpRequest, account: Account) -> HttpResponseBase:
    """`/account/move/upload`: the CAR, when the old host is gone, until the account lives here."""
    found = _move_of(account)
    if not found.is_host_gone or not move_in.is_moving_in(account):
        raise Http404
    form = HostForm(host_of(request))

    def taken(files: Sequence["UploadedFile[Any]"]) -> HttpResponse:
        if not is_still_signed_in(request):
            return redirect("accounts:sign_in")
        return _told(request, account, form, lambda: bring_repo.take_moved(account, found, files))

    def refuse(refusal: XrpcError) -> HttpResponse:
        return _refused(request, account, form, refusal)

    return file_forms.answer(request, settings.IMPORT_LIMIT_BYTES, taken, refuse)


@contributions.needs_attention
def unfinished_move(request: HttpRequest, account: Account) -> Iterator[Notice]:
    """A move that waits for its owner."""
    if move_in.is_moving_in(account) and MoveIn.objects.filter(pk=account.pk).exists():
        yield Notice(
            _("Your move here is not finished."), _("Go on"), address(request, "data:move")
        )


def _move_of(account: Account) -> MoveIn:
    found = MoveIn.objects.filter(pk=account.pk, host_id=account.host_id).first()
    if found is None:
        raise Http404
    return found


def _go_on(account: Account, _found: MoveIn) -> None:
    copying.go_on(account.pk)


def _done(
    request: HttpRequest,
    account: Account,
    form: HostForm,
    act: Callable[[Account, MoveIn], None],
) -> HttpResponse:
    """Do what a form asks for, when it is valid, and show the page."""
    found = _move_of(account)
    if not form.is_valid():
        return _shown(request, account, form)

    def counted() -> None:
        limits.attempt(request, MOVES, form.host)
        act(account, found)

    return _told(request, account, form, counted)


def _told(
    request: HttpRequest, account: Account, form: HostForm, act: Callable[[], None]
) -> HttpResponse:
    try:
        act()
    except XrpcError as refusal:
        return _refused(request, account, form, refusal)
    step = "?step=code" if request.path.endswith("/code") else ""
    response = go_to(request, "data:move")
    response["Location"] += step
    return response


def _refused(
    request: HttpRequest, account: Account, form: HostForm, refusal: XrpcError
) -> HttpResponse:
    if isinstance(refusal, OldPasswordNeeded):
        form = OldPasswordForm(form.host)
        form.problem = form.told(refusal)
        return _shown(request, account, form, status_of(refusal))
    if not form.is_bound:
        form = HostForm(form.host, {})
        form.full_clean()
    form.refuse(refusal)
    return _shown(request, account, form, status_of(refusal))


def _shown(
    request: HttpRequest, account: Account, form: HostForm, status: int | None = None
) -> HttpResponse:
    found = _move_of(account)
    needs_password = isinstance(form, OldPasswordForm)
    account.refresh_from_db(fields=["status"])
    is_here = not move_in.is_moving_in(account)
    is_waiting = found.records_at is not None and not is_here and found.confirmed_at is None
    operation, problem = _operation(account, found, is_wanted=is_waiting)
    data = overview.of_account(account)
    is_fetching = data.fetch is not None and data.fetch.is_open
    shown = {
        "account": account,
        "move": found,
        "data": data,
        "step": f"{found.is_open} {is_waiting} {is_here}",
        "is_here": is_here,
        "has_old_key": is_here and identity_change.has_key_of_others_above_ours(account),
        "is_waiting": is_waiting,
        "is_signed_in_there": old_session.is_there(found) and not needs_password,
        "needs_password": needs_password,
        "is_web": account.did.startswith("did:web:"),
        "code_form": form if isinstance(form, CodeForm) else CodeForm(form.host),
        "sign_in_form": form if isinstance(form, OldSignInForm) else OldSignInForm(form.host),
        "has_code": request.GET.get("step") == "code" or isinstance(form, CodeForm),
        "operation": operation,
        "directory_problem": problem,
        "is_moving": found.is_open or is_fetching,
    }
    return show_form(request, _TEMPLATE, form, status, shown)


def _operation(account: Account, found: MoveIn, *, is_wanted: bool) -> tuple[Any, str]:
    """What the recovery key is to sign, where it is its turn; or why that is not known."""
    if not (is_wanted and found.is_host_gone and account.did.startswith("did:plc:")):
        return None, ""
    try:
        return identity_change.unsigned(account), ""
    except XrpcError as refusal:
        return None, refusal.for_page()
