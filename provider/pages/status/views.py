"""The status of a host, in the tenant's branding: a page, JSON, and a feed of its incidents."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.feedgenerator import Rss201rev2Feed
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from hosting.models import Host
from hosting.tenancy.routing import host_of
from provider.models import Component, StatusFigure, Working
from provider.pages.status import incidents
from provider.pages.status.watching import FRESH_FOR

_CACHED_S = 30


@dataclass(frozen=True)
class Part:
    """How one part works; `working` is empty where nobody knows."""

    component: str
    name: str
    working: str
    said: str
    checked_at: datetime


@require_safe
@cache_control(public=True, max_age=_CACHED_S)
def page(request: HttpRequest) -> HttpResponse:
    """`/status`."""
    host = host_of(request)
    parts = parts_of(host)
    shown = {
        "host": host,
        "parts": parts,
        "is_well": all(part.working == Working.UP for part in parts),
        "incidents": incidents.lately(host),
    }
    return render(request, "provider/status.html", shown)


@require_safe
@cache_control(public=True, max_age=_CACHED_S)
def document(request: HttpRequest) -> HttpResponse:
    """`/status.json`."""
    host = host_of(request)
    parts = [
        {"name": part.component, "state": part.working or "unknown", "checkedAt": part.checked_at}
        for part in parts_of(host)
    ]
    happened = [
        {
            "id": each.pk,
            "part": each.component,
            "state": each.working,
            "text": each.text,
            "beganAt": each.began_at,
            "endedAt": each.ended_at,
        }
        for each in incidents.lately(host)
    ]
    said: dict[str, Any] = {"hostname": host.hostname, "parts": parts, "incidents": happened}
    return JsonResponse(said)


@require_safe
@cache_control(public=True, max_age=_CACHED_S)
def feed(request: HttpRequest) -> HttpResponse:
    """`/status.rss`: an entry when an incident begins, a newer one when it ends."""
    host = host_of(request)
    title = _("Status of %(name)s") % {"name": host.tenant.name}
    channel = Rss201rev2Feed(title=title, link=f"{host.origin}/status", description=host.hostname)
    for each in incidents.lately(host):
        is_over = each.ended_at is not None
        working = Working.UP.label if is_over else each.get_working_display()
        channel.add_item(
            title=f"{each.get_component_display()}: {working}",
            link=f"{host.origin}/status",
            description=each.text,
            unique_id=f"{host.origin}/status#{each.pk}{'-over' if is_over else ''}",
            unique_id_is_permalink=False,
            pubdate=each.ended_at or each.began_at,
        )
    return HttpResponse(channel.writeString("utf-8"), content_type="application/rss+xml")


def parts_of(host: Host) -> list[Part]:
    """The parts in their order; relays only where some were asked. One statement."""
    found = StatusFigure.objects.filter(Q(host=None) | Q(host=host))
    figures = {figure.component: figure for figure in found}
    oldest = timezone.now() - FRESH_FOR
    return [
        _part(figures[component], oldest) for component in Component.values if component in figures
    ]


def _part(figure: StatusFigure, oldest: datetime) -> Part:
    is_known = figure.checked_at > oldest
    return Part(
        figure.component,
        str(figure.get_component_display()),
        figure.working if is_known else "",
        str(figure.get_working_display()) if is_known else _("Not known"),
        figure.checked_at,
    )
