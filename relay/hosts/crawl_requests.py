"""com.atproto.sync.requestCrawl at the relay: a host asks to be read.

It is asked first whether it is a PDS (describeServer, through the guarded client). A host that is
read, or one of our own, is answered at once and nothing is done. Waits for that host for seconds:
for the pool `lookup`, and outside of any transaction.
"""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from hosting.models import Host
from protocol.errors import XrpcError
from protocol.untrusted_input import bounded_json
from relay.hosts import allowances, bans, departures, names
from relay.models import RelayHost
from server.net import http_client
from server.net.http_client import RequestFailed

TIMEOUT_S: Final = 5.0
MAX_BYTES: Final = 100_000
_OK: Final = 200


class BadHostname(XrpcError):
    """400: no name of a host that could be read."""

    name = "BadRequest"
    message = "hostname must be the public name of a PDS, without a port"


class DomainBanned(XrpcError):
    """401: the host's domain is banned."""

    name = "DomainBan"
    status = 401
    message = "This domain is banned"


class HostNotFound(XrpcError):
    """400: nobody answers there as a PDS does."""

    name = "HostNotFound"
    message = "The host does not answer com.atproto.server.describeServer"


class NewHostsDisabled(XrpcError):
    """503: too many new hosts came today."""

    name = "NewHostsDisabled"
    status = 503
    message = "No more new hosts today; try again tomorrow"


def request_crawl(hostname: str, *, is_by_staff: bool = False) -> None:
    """Read a host from now on, or from where it was left; one that is beyond its rate not before
    its time, unless staff ask. Raises BadHostname, DomainBanned, HostNotFound,
    NewHostsDisabled."""
    name = names.normal(hostname)
    if name is None or name.partition(":")[0] == settings.RELAY_HOST:
        raise BadHostname
    if bans.is_banned(name):
        raise DomainBanned
    host = RelayHost.objects.filter(hostname=name).first()
    if is_inside(name) or (host is not None and host.connected_at is not None):
        return
    if host is not None and host.inside_id is not None:
        departures.release()
    if host is None:
        _refuse_crowd(is_trusted=allowances.is_trusted_name(name))
    _check(name)
    if host is None:
        _admit(name)
    else:
        wanted = RelayHost.objects.filter(pk=host.pk).exclude(status=RelayHost.Status.BANNED)
        if not is_by_staff:
            wanted = wanted.exclude(status=RelayHost.Status.THROTTLED)
        wanted.update(is_crawl_wanted=True, retry_at=None, failures=0)


def is_inside(name: str) -> bool:
    """Whether the name is one of our own hosts', which is read without being asked for; a host may
    have two."""
    origins = (f"http://{name}", f"https://{name}")
    return Host.objects.filter(Q(origin__in=origins) | Q(other_origin__in=origins)).exists()


def _refuse_crowd(*, is_trusted: bool) -> None:
    since = timezone.now() - timedelta(days=1)
    new = RelayHost.objects.filter(inside_id__isnull=True, is_trusted=False, created_at__gt=since)
    if not is_trusted and new.count() >= allowances.NEW_HOSTS_A_DAY:
        raise NewHostsDisabled


def _check(name: str) -> None:
    url = f"{names.origin(name)}/xrpc/com.atproto.server.describeServer"
    try:
        answer = http_client.request(
            "GET", url, headers=names.HEADERS, timeout_s=TIMEOUT_S, max_bytes=MAX_BYTES
        )
        described = bounded_json.loads(answer.body) if answer.status == _OK else None
    except (RequestFailed, ValueError) as failure:
        raise HostNotFound from failure
    if names.RELAY in answer.headers.get("server", ""):
        raise HostNotFound("The host is a relay itself")
    if not isinstance(described, dict) or not isinstance(described.get("did"), str):
        raise HostNotFound


@transaction.atomic
def _admit(name: str) -> None:
    bans.take_turns()
    is_trusted = allowances.is_trusted_name(name)
    if bans.is_banned(name):  # by now: it took the host a while to answer
        raise DomainBanned
    _refuse_crowd(is_trusted=is_trusted)
    RelayHost.objects.get_or_create(
        hostname=name,
        defaults={
            "is_trusted": is_trusted,
            "account_limit": allowances.account_limit(is_trusted=is_trusted),
            "status": RelayHost.Status.IDLE,
        },
    )
