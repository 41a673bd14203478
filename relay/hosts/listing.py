"""Hosts as the relay's methods and command show them."""

from dataclasses import dataclass

from django.db.models import QuerySet

from relay.models import Rejection, RelayHost


@dataclass(frozen=True, slots=True)
class HostView:
    """A host with its state: com.atproto.sync.listHosts#host, and its limit for staff."""

    id: int
    hostname: str
    is_inside: bool
    status: str
    seq: int | None
    account_count: int
    account_limit: int


def list_hosts(after_id: int = 0, limit: int = 200) -> list[HostView]:
    """Hosts that were ever active, in the order in which they came: the cursor is the last `id`."""
    return [_shown(host) for host in known().filter(id__gt=after_id)[:limit]]


def find_host(hostname: str) -> HostView | None:
    """The host of that name, if it was ever active."""
    host = known().filter(hostname=hostname.lower()).first()
    return _shown(host) if host else None


def known() -> QuerySet[RelayHost]:
    """Hosts that were ever active: of which an event came."""
    return RelayHost.objects.filter(seq__isnull=False).order_by("id")


def rejections(host_id: int) -> list[Rejection]:
    """What was refused of a host's events, most often refused first."""
    return list(Rejection.objects.filter(host_id=host_id).order_by("-count"))


def _shown(host: RelayHost) -> HostView:
    return HostView(
        id=host.pk,
        hostname=host.hostname,
        is_inside=host.inside_id is not None,
        status=host.status,
        seq=host.seq,
        account_count=host.account_count,
        account_limit=host.account_limit,
    )
