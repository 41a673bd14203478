"""Look up an account, see its state, take it down or restore it. POST, then redirect."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Account
from hosting.console import console, hosts_in_view
from hosting.models import StaffUser
from moderation import takedowns
from moderation.console.forms import LookUpForm, ReasonForm
from moderation.lookup import Found, find
from moderation.models import AuditEntry
from protocol import atjson, cid
from protocol.errors import XrpcError

Verb = Callable[[StaffUser, Account, str], AuditEntry]


@require_GET
def look_up(request: HttpRequest) -> HttpResponse:
    """A handle, DID or at-URI leads to the account's page; an at-URI keeps its record in view."""
    form = LookUpForm(request.GET)
    if not form.is_valid():
        return redirect("console:index")
    text = form.cleaned_data["q"]
    found = find(hosts_in_view(request), text)
    if found is None:
        messages.error(request, _("Nobody here goes by “%(text)s”.") % {"text": text})
        return redirect("console:index")
    url = reverse("console:account", args=[found.account.did])
    if found.record is None:
        return HttpResponseRedirect(url)
    return HttpResponseRedirect(f"{url}?record={found.record.collection}/{found.record.rkey}")


@require_GET
def account(request: HttpRequest, did: str) -> HttpResponse:
    """One account: who it is, what state it is in, what was done to it, what can be done."""
    return _page(request, _found(request, did), ReasonForm())


@require_POST
def take_down(request: HttpRequest, did: str) -> HttpResponse:
    """Take the account down."""
    return _act(request, did, takedowns.take_down, _("%(name)s is taken down."))


@require_POST
def restore(request: HttpRequest, did: str) -> HttpResponse:
    """Lift the takedown."""
    return _act(request, did, takedowns.restore, _("%(name)s is restored."))


def _act(request: HttpRequest, did: str, verb: Verb, done: str) -> HttpResponse:
    found = _found(request, did)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=400)
    try:
        verb(_staff(request), found.account, form.cleaned_data["reason"])
    except XrpcError as refusal:
        form.add_error(None, refusal.message)
        return _page(request, found, form, status=refusal.status)
    messages.success(request, done % {"name": found.account.handle or did})
    return redirect("console:account", did)


def _found(request: HttpRequest, did: str) -> Found:
    record = request.GET.get("record")
    found = find(hosts_in_view(request), f"at://{did}/{record}" if record else did)
    if found is None:
        raise Http404(_("Nobody here has this DID."))
    return found


def _staff(request: HttpRequest) -> StaffUser:
    assert isinstance(request.user, StaffUser)  # noqa: S101 -- admin_view let only staff in
    return request.user


def _page(request: HttpRequest, found: Found, form: ReasonForm, status: int = 200) -> HttpResponse:
    request.current_app = console.name
    context: dict[str, Any] = {
        **console.each_context(request),
        "title": _("Account"),
        "account": found.account,
        "repo": found.repo,
        "head": cid.to_text(bytes(found.repo.head)) if found.repo else "",
        "record": found.record,
        "record_json": _readable(found),
        "is_taken_down": found.account.taken_down_at is not None,
        "may_act": takedowns.may_act(_staff(request), found.account),
        "entries": AuditEntry.objects.of(hosts_in_view(request))
        .about(found.account.did)
        .select_related("staff")[:50],
        "form": form,
    }
    return TemplateResponse(request, "moderation/account.html", context, status=status)


def _readable(found: Found) -> str:
    return atjson.from_cbor(bytes(found.record.data)).decode() if found.record else ""
