"""The page of one action on an account: what it does, its form, and its way back."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Account
from hosting.console.page import render_page
from hosting.console.site import hosts_in_view
from hosting.pages.form_errors import refuse
from moderation import permissions
from moderation.console.enforcement.forms import ActionForm
from moderation.console.forms import ReasonForm
from moderation.console.views import account_url, staff_of
from moderation.enforcement import actions
from moderation.enforcement.actions import ACTIONS, Action, ActionInput
from moderation.lookup import find, has_record
from protocol import cid
from protocol.errors import XrpcError


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, did: str, name: str) -> HttpResponse:
    """`accounts/<did>/actions/<name>/`, with `?record=` or `?blob=` where it is about one."""
    account, action = _found(request, did), _action(name)
    record, link = _record(request, account), _link(request)
    form = ActionForm(
        action, account.host.tenant, request.POST if request.method == "POST" else None
    )
    if form.is_valid():
        try:
            asked = form.asked(record, link)
            actions.perform(name, staff_of(request), account, asked)
            messages.success(request, _("Done: %s") % action.label)
            return HttpResponseRedirect(account_url(did, record or None))
        except XrpcError as refusal:
            refuse(form, refusal)
            return _page(request, account, action, form, refusal.status)
    return _page(request, account, action, form, 400 if form.errors else 200)


@require_POST
def undo(request: HttpRequest, did: str, name: str) -> HttpResponse:
    """`accounts/<did>/actions/<name>/undo/`: the way back, with a reason."""
    account, action = _found(request, did), _action(name)
    record, link = _record(request, account), _link(request)
    form = ReasonForm(request.POST)

    def verb(reason: str) -> None:
        network = request.POST.get("network", "")[:50]
        blob = cid.from_text(link) if link else b""
        asked = ActionInput(reason, record=record, blob=blob, network=network)
        actions.undo(name, staff_of(request), account, asked)

    _tell(request, form, verb, _("Done: %s") % action.undo_label)
    return HttpResponseRedirect(account_url(did, record or None))


def _tell(request: HttpRequest, form: ReasonForm, verb: Callable[[str], None], done: str) -> None:
    if not form.is_valid():
        messages.error(request, _("Give a reason: it goes into the audit log."))
        return
    try:
        verb(form.cleaned_data["reason"])
        messages.success(request, done)
    except XrpcError as refusal:
        messages.error(request, refusal.for_page())


def _found(request: HttpRequest, did: str) -> Account:
    found = find(hosts_in_view(request), did)
    if found is None:
        raise Http404(_("No account found for this DID."))
    return found.account


def _action(name: str) -> Action:
    if name not in ACTIONS:
        raise Http404
    return ACTIONS[name]


def _record(request: HttpRequest, account: Account) -> str:
    record = request.GET.get("record", "")
    if record and not has_record(account, record):
        raise Http404(_("There is no such record."))
    return record


def _link(request: HttpRequest) -> str:
    link = request.GET.get("blob", "")
    try:
        return link and cid.to_text(cid.from_text(link))
    except cid.InvalidCid:
        raise Http404(_("This is not a CID.")) from None


def _page(
    request: HttpRequest, account: Account, action: Action, form: ActionForm, status: int
) -> HttpResponse:
    context = {
        "title": action.label,
        "intro": action.consequence,
        "account": account,
        "form": form,
        "is_grave": action.deed in (permissions.Deed.TAKE_DOWN, permissions.Deed.SUSPEND),
    }
    return render_page(request, "moderation/enforcement/action.html", context, status)
