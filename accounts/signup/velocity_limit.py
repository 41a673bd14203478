"""The velocity limit: too many sign-ups at a host in ten minutes, and the rest is queued.

From then on every sign-up at that host is held (accounts.signup.approval_queue) until its staff
reopen: one that closed by itself would let a flood in by portions. Other hosts notice nothing. The
host's row is locked while it counts, so parallel sign-ups cannot slip past each other.
"""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.models import SignUpVelocityLimit
from hosting.mail import emails, outbox
from hosting.models import Host
from server.database import connection

WINDOW: Final = timedelta(minutes=10)
_TRIPPED: Final = (
    "SELECT 1 FROM sign_up_velocity_limit WHERE host_id = %s AND tripped_at IS NOT NULL"
)


def is_tripped(host: Host) -> bool:
    """Whether the host holds every sign-up."""
    return connection.row(_TRIPPED, (host.pk,)) is not None


def count(host: Host) -> bool:
    """Count one sign-up that is about to happen; false: it must be held, the limit is exceeded.

    The one that trips it tells the tenant by mail.
    """
    limit = host.sign_up_limit_count
    if is_tripped(host):
        return False
    if limit is None:
        return True
    with transaction.atomic():
        limit_row = _locked(host)
        limit_row.counted += 1
        if limit_row.counted > limit and limit_row.tripped_at is None:
            limit_row.tripped_at = timezone.now()
            _tell(host, limit)
        limit_row.save()
        return limit_row.tripped_at is None


def reopen(host: Host) -> None:
    """Resume sign-ups, counting anew."""
    with transaction.atomic():
        limit_row = _locked(host)
        limit_row.window_started_at, limit_row.counted = timezone.now(), 0
        limit_row.tripped_at = None
        limit_row.save()


def _locked(host: Host) -> SignUpVelocityLimit:
    """The host's row, locked, its window being the present one."""
    now = timezone.now()
    SignUpVelocityLimit.objects.get_or_create(host=host, defaults={"window_started_at": now})
    limit_row = SignUpVelocityLimit.objects.select_for_update().get(host=host)
    if limit_row.window_started_at < now - WINDOW:
        limit_row.window_started_at, limit_row.counted = now, 0
    return limit_row


def _tell(host: Host, limit: int) -> None:
    if host.tenant.support_email:
        words = {"limit": limit, "minutes": WINDOW // timedelta(minutes=1)}
        outbox.post(host, host.tenant.support_email, emails.SIGN_UPS_HELD, words)
