"""Routing by the Host header: which host a request is for, before anything else looks at it.

Source: docs/architecture.md section 1. `request.host` is the tenant's host; on a name under one of
its handle domains `request.hosted_handle` is that name, and only the handle's own two pages exist.
An unknown name learns nothing: 404, no tenant data. A host that was found is remembered for three
seconds a process, so that a hot read asks no database whose it is. That a name is no host's is
never remembered: a new host is answered by every process as soon as it is there.
"""

import re
import time
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import cast

import structlog
from django.conf import settings
from django.db import DatabaseError, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from hosting import limits
from hosting.models import HandleDomain, Host
from hosting.plans import quotas
from protocol.errors import XrpcError
from server.cache.eviction import make_room
from server.database import connection
from server.web.faults import ServiceUnavailable

logger = structlog.stdlib.get_logger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponseBase]

REMEMBERED_S = 3.0
REMEMBERED_MAX = 500  # of some 10 kB each, however many tenants there are
HANDLE_URLS = "accounts.pages.handles.urls"
PLATFORM_URLS = "hosting.pages.platform_urls"
RELAY = "relay.site.answer"
PLATFORM_PATHS = frozenset({"/tls-check", "/metrics"})
LOOPBACK = "127.0.0.1"
_XRPC = "/xrpc/"
_HEALTH = "/xrpc/_health"
_HOSTNAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")  # as hosting.models has it


@dataclass(frozen=True, slots=True)
class HostMatch:
    """Where a name leads: a host, and whether the name is its own or a handle it gave out."""

    host: Host
    is_handle: bool


REMEMBERED: dict[str, tuple[float, HostMatch]] = {}  # hosts only: anybody makes up other names


class HostMiddleware:
    """Sets `request.host` (read-only, shared between threads) and, on a handle's name,
    `request.hosted_handle`."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        connection.drop_if_hung_up()
        hostname = hostname_in(request.META.get("HTTP_HOST", ""))
        return _of_relay(request) if is_relay(hostname) else self._hosted(request, hostname)

    def _hosted(self, request: HttpRequest, hostname: str) -> HttpResponseBase:
        try:
            place = _match_for(request, hostname)
        except limits.RateLimitExceeded as refusal:
            return _refused(request, refusal)
        except DatabaseError as error:
            if not connection.is_outage(error):
                raise
            logger.warning("a host name could not be looked up", reason=str(error))
            return _refused(request, ServiceUnavailable())
        if place is None:
            if request.path_info not in PLATFORM_PATHS:
                return _way_back(request, hostname) or _unknown_host(request)
            request.urlconf = PLATFORM_URLS
            return self.get_response(request)
        request.host = place.host  # type: ignore[attr-defined]
        if place.is_handle and request.path_info.startswith(_XRPC):
            return _unknown_host(request)
        if place.is_handle:
            request.hosted_handle = hostname  # type: ignore[attr-defined]
            request.urlconf = HANDLE_URLS
        return self.get_response(request)


def is_call(path: str) -> bool:
    """Whether a path is a method's: those are counted by the dispatcher or under no host's name
    here, all others before they reach a thread (hosting.edge_limits)."""
    return path.startswith(_XRPC) and path != _HEALTH


def hostname_in(header: str) -> str:
    """The host name of a Host header: lower case, without port and trailing dot."""
    name, colon, port = header.strip().lower().rpartition(":")
    if not colon or not port.isdecimal():
        name = header.strip().lower()
    return name.rstrip(".")


def is_relay(hostname: str) -> bool:
    """Whether the name is the relay's, which is no host's."""
    return hostname == settings.RELAY_HOST != ""


def host_of(request: HttpRequest) -> Host:
    """The host whose name was asked for; there is one behind HostMiddleware."""
    host: Host = request.host  # type: ignore[attr-defined] # set there
    return host


def remembered_host(hostname: str) -> Host | None:
    """The host of exactly that name, if it was looked up within REMEMBERED_S."""
    place = _remembered_match(hostname)
    return place.host if place and not place.is_handle else None


def host_named(name: str) -> Host | None:
    """The host of exactly that name; None for other names and for handles."""
    place = _match_of(name.lower())
    return place.host if place and not place.is_handle else None


def forget() -> None:
    """Forget what was remembered; for whoever has just changed a host and cannot wait."""
    REMEMBERED.clear()
    quotas.forget()


def _match_for(request: HttpRequest, hostname: str) -> HostMatch | None:
    """Where a name leads. A call under a name that has to be looked up, or that is no host's, is
    charged to its network here: no dispatcher will. Raises RateLimitExceeded."""
    place = _remembered_match(hostname)
    if place is not None:
        return place
    _charge_unknown(request)
    return _match_of(hostname)


def _of_relay(request: HttpRequest) -> HttpResponseBase:
    """The relay's answer, charged as one of a name that is no host's."""
    try:
        _charge_unknown(request)
    except limits.RateLimitExceeded as refusal:
        return _refused(request, refusal)
    return cast("GetResponse", import_string(RELAY))(request)


def _charge_unknown(request: HttpRequest) -> None:
    if is_call(request.path_info) and not limits.is_exempt(request):
        limits.note(limits.charges(limits.REQUESTS, (), limits.network_of(request)))


def _match_of(hostname: str) -> HostMatch | None:
    if (fresh := _remembered_match(hostname)) is not None:
        return fresh
    known = REMEMBERED.get(hostname)
    try:
        place = look_up(hostname)
    except DatabaseError as error:
        if known is None or not connection.is_outage(error):
            raise
        return known[1]  # it was true a moment ago; views that need the database will say so
    REMEMBERED.pop(hostname, None)
    if place is not None and not place.is_handle:
        make_room(REMEMBERED, REMEMBERED_MAX)
        REMEMBERED[hostname] = (time.monotonic() + REMEMBERED_S, place)
    return place


def _remembered_match(hostname: str) -> HostMatch | None:
    until, place = REMEMBERED.get(hostname, (0.0, None))
    return place if until > time.monotonic() else None


def look_up(hostname: str) -> HostMatch | None:
    """The host of a name, as the database has it."""
    if not is_hostname(hostname):
        return None
    hosts = Host.objects.select_related("tenant__plan", "tenant__usage")
    host = hosts.prefetch_related("handle_domains").named(hostname).first()
    if host is not None:
        host = host if host.hostname == hostname else host.under_other_name()
        host.kept = {}
        quotas.remember(host)
        return HostMatch(host, is_handle=False)
    domains = HandleDomain.objects.select_related("host__tenant__plan", "host__tenant__usage")
    closest = closest_domain(hostname, domains)
    return HostMatch(closest.host, is_handle=True) if closest is not None else None


def is_hostname(name: str) -> bool:
    """Whether it has the form of one, in lower case."""
    return _HOSTNAME.fullmatch(name) is not None


def domains_above(hostname: str) -> list[str]:
    """The domains that a name can be under, the longest first, which decides: of `a.b.test`
    `.b.test` and `.test`."""
    labels = hostname.split(".")
    return ["." + ".".join(labels[start:]) for start in range(1, len(labels))]


def closest_name(hostname: str, known: Container[str]) -> str:
    """The domain of those known that a name is under, the longest; "" when it is under none."""
    return next((each for each in domains_above(hostname) if each in known), "")


def closest_domain(hostname: str, domains: "models.QuerySet[HandleDomain]") -> HandleDomain | None:
    """The same, as the database has it."""
    found = {each.name: each for each in domains.filter(name__in=domains_above(hostname))}
    return found.get(closest_name(hostname, found))


def _refused(request: HttpRequest, refusal: XrpcError) -> HttpResponse:
    response = _answer(request, refusal.status, refusal.name, refusal.message)
    for name, value in refusal.headers.items():
        response[name] = value
    return response


def _way_back(request: HttpRequest, hostname: str) -> HttpResponse | None:
    """Back to a sandbox from an authorization server, which takes no name for an app under
    development, only a loopback address (accounts.oauth.own_client)."""
    is_from_there = request.path_info.endswith("/back") and "state" in request.GET
    if not settings.SANDBOX or hostname != LOOPBACK or not is_from_there:
        return None
    port = request.META["HTTP_HOST"].partition(":")[2] or "80"
    return HttpResponseRedirect(f"http://localhost:{port}{request.get_full_path()}")


def _unknown_host(request: HttpRequest) -> HttpResponse:
    return _answer(request, 404, "XRPCNotSupported", "Host not found")


def _answer(request: HttpRequest, status: int, error: str, message: str) -> HttpResponse:
    if request.path_info.startswith(_XRPC):
        body = {"error": error, "message": message}
        return JsonResponse(body, status=status, content_type="application/json; charset=utf-8")
    return HttpResponse(f"{message}.\n", status=status, content_type="text/plain")
