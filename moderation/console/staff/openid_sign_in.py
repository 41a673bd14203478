"""Staff sign in to the console by a provider of their tenant.

A second factor is asked for as after a password, unless the provider says that it saw one.
"""

import time
from typing import Final

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import OpenIdProvider
from accounts.oauth.openid import flows
from accounts.oauth.openid.refusals import SignInLost
from accounts.pages.openid import kept, way
from hosting.models import Host
from hosting.tenancy.routing import host_of
from moderation.console.staff import second_step
from moderation.staff import members
from protocol.errors import XrpcError

_BACKEND: Final = "django.contrib.auth.backends.ModelBackend"
_AT: Final = "openid at"  # in the session: when they were proven
FRESH_S: Final = 600


def providers(host: Host) -> list[OpenIdProvider]:
    """By which staff sign in at a host."""
    return [each for each in flows.enabled(host) if each.is_for_staff]


def is_fresh(request: HttpRequest) -> bool:
    """Whether a provider vouched for them just now, in this session."""
    return time.time() - request.session.get(_AT, 0) < FRESH_S


@never_cache
@require_safe
def begin(request: HttpRequest, provider_id: int) -> HttpResponse:
    """`/console/openid/<id>/`: to the provider."""
    try:
        found = [each for each in providers(host_of(request)) if each.pk == provider_id]
        if not found:
            raise SignInLost
        return kept.go(request, found[0], way.STAFF, reverse("console:openid_enter"), is_anew=True)
    except XrpcError as refusal:
        messages.error(request, refusal.for_page())
        return redirect("console:login")


@never_cache
@require_safe
def enter(request: HttpRequest) -> HttpResponse:
    """`/console/openid/enter/`: back from there."""
    try:
        proof = kept.proven(request, way.STAFF)
        if not proof.provider.is_for_staff:
            raise SignInLost
        flows.use(host_of(request), proof)
        user = members.enter(host_of(request), proof.provider, proof.person)
    except XrpcError as refusal:
        messages.error(request, refusal.for_page())
        return redirect("console:login")
    login(request, user, backend=_BACKEND)
    request.session[_AT] = time.time()
    if proof.person.has_factors:
        second_step.note_shown(request)
    return kept.used(request, redirect("console:index"))
