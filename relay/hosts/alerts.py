"""Hosts that soon have as many accounts as they may: their people should hear of it in time."""

from typing import Final

import structlog
from django.db.models import F

from relay.hosts import allowances
from relay.models import RelayHost

_TOLD_MAX: Final = 100  # in a go

logger = structlog.stdlib.get_logger(__name__)


def is_near_limit(host: RelayHost) -> bool:
    """Whether an outside host's accounts fill ALERT_SHARE of what it may have."""
    is_outside = host.inside_id is None and host.status != RelayHost.Status.BANNED
    return is_outside and host.account_count >= host.account_limit * allowances.ALERT_SHARE


def near_limit() -> list[RelayHost]:
    """Outside hosts near their limit, the fullest first."""
    found = RelayHost.objects.filter(
        inside_id__isnull=True, account_count__gte=F("account_limit") * allowances.ALERT_SHARE
    ).exclude(status=RelayHost.Status.BANNED)
    return list(found.order_by(F("account_limit") - F("account_count"), "id")[:_TOLD_MAX])


def warn() -> None:
    """A line in the log for each of them, for whoever watches logs."""
    for host in near_limit():
        logger.warning(
            "a host is near its account limit", host=host.hostname, count=host.account_count
        )
