"""What staff change of their own sign-in, in the audit log of the host whose console they use."""

from typing import Any, Final

from django.dispatch import receiver
from django.http import HttpRequest

from hosting.models import StaffUser
from hosting.models.signals import staff_password_changed
from hosting.tenancy.routing import host_of
from moderation import audit
from moderation.models import AuditEntry
from server.net.client_networks import network

_FACTORS: Final = {
    "app": "authenticator app added",
    "passkey": "passkey added",
    "codes": "recovery codes replaced",
    "drop": "factor removed",
}


def log_factors(request: HttpRequest, deed: str) -> None:
    """Own second factors changed, in the caller's transaction."""
    _log(request, AuditEntry.Action.STAFF_CHANGE_FACTORS, _FACTORS[deed])


@receiver(staff_password_changed, dispatch_uid="moderation.staff.own_changes")
def log_password(request: HttpRequest, **_: Any) -> None:
    """Own password changed; every other session of theirs ends with it."""
    _log(request, AuditEntry.Action.STAFF_CHANGE_PASSWORD, "password changed")


def _log(request: HttpRequest, action: AuditEntry.Action, what: str) -> None:
    staff, place = request.user, network(request.META.get("REMOTE_ADDR", ""))
    assert isinstance(staff, StaffUser)  # noqa: S101 -- the console let only staff in
    audit.record_at_host(staff, host_of(request), action, f"{what}, from {place}", ref=place)
