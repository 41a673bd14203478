"""Consent: what the app asks for, what of it is granted, and activation on the way to it."""

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.delegation import roles
from accounts.lifecycle import activation
from accounts.models import Account
from accounts.oauth import authorization
from accounts.oauth.authorization import Question, Step
from accounts.oauth.errors import InvalidScope
from accounts.oauth.requests import controllers
from accounts.oauth.requests.opened_requests import Opened
from accounts.oauth.requests.redirects import Redirect
from accounts.oauth.scopes import ATPROTO, permission_set
from accounts.pages.answers import status_of
from accounts.pages.oauth import permission_wording
from accounts.pages.oauth.permission_wording import Permission
from accounts.pages.oauth.requests import address, of_request, show
from accounts.pages.oauth.way_back import allow_form_to
from protocol.errors import XrpcError
from protocol.oauth.permission_sets import PermissionSet


@dataclass(frozen=True, slots=True)
class Box:
    """A permission to tick. *New*: the app had others before, and was not asked for this one."""

    permission: Permission
    is_fixed: bool
    is_ticked: bool
    is_new: bool


def page(request: HttpRequest, opened: Opened) -> HttpResponse:
    """What is asked, each permission with a box to tick; for an account that cannot answer, why."""
    question = authorization.question(opened)
    if not question.account.is_active:
        return show(request, opened, "inactive", account=question.account)
    boxes = _boxes(opened, question)
    shown = {"question": question, "boxes": boxes, **_acting(opened, question)}
    response = show(request, opened, "consent", **shown)
    logo = opened.client.logo_uri if opened.is_trusted else ""
    allow_form_to(response, question.back, images=_origin(logo))
    return response


@require_POST
@partial(of_request, is_answer=True)
def decide(request: HttpRequest, opened: Opened) -> HttpResponse | Redirect:
    """`/oauth/authorize/consent`: yes to what is ticked, or no."""
    if request.POST.get("decision") != "allow":
        return authorization.refuse(opened)
    account = _answering(request, opened)
    if account is None:
        return redirect(address(request, "oauth_authorize"))
    return authorization.decide(opened, account, request.POST.getlist("scope"))


@require_POST
@of_request
def activate(request: HttpRequest, opened: Opened) -> HttpResponse:
    """`/oauth/authorize/activate`: the end of a deactivation, then consent."""
    account = _answering(request, opened)
    is_owner = opened.delegation is None
    if account is not None and is_owner and account.deactivated_at is not None:
        try:
            activation.activate(account)
        except XrpcError as refusal:
            problem = refusal.for_page()
            shown = {"account": account, "problem": problem}
            return show(request, opened, "inactive", status_of(refusal), **shown)
    return redirect(address(request, "oauth_authorize"))


def _answering(request: HttpRequest, opened: Opened) -> Account | None:
    """Who answers; None when that is not who was asked, in another tab perhaps, or has to sign in
    first."""
    account = opened.account
    if account is None or account.did != request.POST.get("account"):
        return None
    return account if authorization.next_step(opened) is Step.CONSENT else None


def _acting(opened: Opened, question: Question) -> dict[str, Any]:
    """The role of a controller; of an owner, for whom else they might act."""
    if opened.delegation is not None:
        return {"role": roles.TITLES[opened.delegation.role]}
    return {"acting_for": controllers.of_person(opened, question.account)}


def _boxes(opened: Opened, question: Question) -> list[Box]:
    sets = _sets(opened, question)
    return [
        Box(
            permission,
            is_fixed=permission.scope == ATPROTO,
            is_ticked=permission.scope in question.ticked,
            is_new=bool(question.known) and permission.scope not in question.known,
        )
        for permission in permission_wording.described(_possible(opened, question), sets)
    ]


def _possible(opened: Opened, question: Question) -> tuple[str, ...]:
    """What is asked for, without what a controller's role allows nothing of. Of permission sets
    that turns out when they are expanded."""
    delegation, host = opened.delegation, opened.host
    return tuple(
        scope
        for scope in question.scopes
        if delegation is None
        or scope.startswith("include:")
        or roles.narrowed(host, delegation, scope)
    )


def _sets(opened: Opened, question: Question) -> dict[str, PermissionSet]:
    """The permission sets that are asked for, by NSID; without those that nobody can tell of by
    now, which grant nothing."""
    found = {}
    for nsid in permission_wording.sets_named(question.scopes):
        with suppress(InvalidScope):
            found[nsid] = permission_set(opened.host, nsid, may_ask=False)
    return found


def _origin(url: str) -> str:
    """The origin of an https URL, if it can stand in a content security policy; else nothing."""
    found = re.match(r"https://[A-Za-z0-9.-]+(:[0-9]+)?(?=[/?#]|$)", url)
    return found.group() if found else ""
