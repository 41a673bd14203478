"""Decisions about an account as its owner sees them: what, by which rule, and the appeal.

They are there for people whose account was taken down, too. Decisions that nobody was to be told
of are not shown.
"""

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Account
from accounts.pages.answers import posted, show_form, status_of
from accounts.pages.centre import contributions
from accounts.pages.centre.contributions import Row
from accounts.pages.centre.signed_in import address, for_signed_in, open_when_taken_down
from accounts.pages.closing.forms import AppealForm
from accounts.pages.closing.state import APPEALS, STATE
from hosting import limits
from hosting.tenancy.routing import host_of
from moderation.enforcement import appeals, notices
from moderation.models import Decision, DecisionQuerySet
from protocol.errors import XrpcError

_SHOWN_MAX = 100


@never_cache
@require_safe
@for_signed_in
@open_when_taken_down
def listed(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/decisions`: the newest first."""
    found = _told(account)[:_SHOWN_MAX]
    shown = {
        "host": host_of(request),
        "account": account,
        "decisions": [
            (each, _lead(each, account), address(request, "decisions:one", decision_id=each.pk))
            for each in found
        ],
    }
    return render(request, "moderation/decisions/listed.html", shown)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@open_when_taken_down
def one(request: HttpRequest, account: Account, decision_id: int) -> HttpResponse:
    """`/account/decisions/<id>`: one of them, with its appeal."""
    decision = _told(account).filter(pk=decision_id).first()
    if decision is None:
        raise Http404
    form = AppealForm(host_of(request), account, posted(request))
    if form.is_valid():
        try:
            limits.spend(APPEALS, form.host, account.did)
            appeals.appeal(account, decision, form.cleaned_data["text"])
            decision.refresh_from_db()
        except XrpcError as refusal:
            form.refuse(refusal)
            return _page(request, form, decision, status_of(refusal))
    return _page(request, form, decision)


@contributions.has_rows(85, contributions.HOME, STATE)
def decisions(request: HttpRequest, account: Account) -> Iterator[Row]:
    """How many there are, if any."""
    if count := _told(account).count():
        href = address(request, "decisions:listed")
        yield Row(_("Decisions about your account"), str(count), _("Read them"), href)


def _told(account: Account) -> DecisionQuerySet:
    found = Decision.objects.of(account.host, account.did).told()
    return found.select_related("policy").order_by("-pk")


def _lead(decision: Decision, account: Account) -> str:
    handle = account.handle or account.did
    return notices.lead(decision, account.host, handle, get_language() or "en")


def _page(
    request: HttpRequest, form: AppealForm, decision: Decision, status: int | None = None
) -> HttpResponse:
    account: Account = form.account
    shown: dict[str, Any] = {
        "account": account,
        "decision": decision,
        "lead": _lead(decision, account),
        "may_appeal": appeals.may_appeal(decision),
        "data_page": address(request, "data:home"),
    }
    return show_form(request, "moderation/decisions/one.html", form, status, shown)
