"""Sign-ins, refusals and sign-outs of staff: in the audit log, and a line in the server's.

A sign-in from a network that this member of staff has not signed in from before is told to them by
mail, where there is an address. A refusal is logged when the name is one of staff's: anybody else's
inventions must not fill a log that nothing can be taken out of.
"""

from typing import Any

import structlog
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from hosting.console.sessions import note_sign_in
from hosting.mail import emails, outbox
from hosting.models import Host, StaffUser
from moderation import audit
from moderation.models import AuditEntry
from server.net.client_networks import network

Action = AuditEntry.Action
logger = structlog.stdlib.get_logger(__name__)
NOBODY = "not signed in"  # who acts when a sign-in is refused


@receiver(user_logged_in, dispatch_uid="moderation.staff.sign_ins")
def signed_in(request: HttpRequest, user: StaffUser, **_: Any) -> None:
    """Log it; write to them when they come from a new network."""
    host, place = _host_and_network(request)
    if host is None:
        return
    note_sign_in(request, user, host, place)
    before = AuditEntry.objects.filter(staff=user, action=Action.STAFF_SIGN_IN)
    is_new = before.exists() and not before.filter(ref=place).exists()
    _record(user, host, Action.STAFF_SIGN_IN, user.username, place)
    if is_new and user.email:
        words = {"username": user.username, "place": place, "at": timezone.now()}
        outbox.post(host, user.email, emails.STAFF_SIGN_IN, words)


@receiver(user_login_failed, dispatch_uid="moderation.staff.sign_ins")
def refused(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Log it, if the name is one of staff's."""
    host, place = _host_and_network(request)
    name = str(credentials.get("username", ""))
    if host is None:
        return
    if StaffUser.objects.filter(username=name).exists():
        _record(NOBODY, host, Action.STAFF_SIGN_IN_REFUSED, name, place)
    else:
        logger.warning("staff sign-in refused: no such name", host=host.hostname, network=place)


@receiver(user_logged_out, dispatch_uid="moderation.staff.sign_ins")
def signed_out(request: HttpRequest, user: StaffUser | None, **_: Any) -> None:
    """Log it."""
    host, place = _host_and_network(request)
    if host is not None and user is not None:
        _record(user, host, Action.STAFF_SIGN_OUT, user.username, place)


def _record(actor: audit.Actor, host: Host, action: Action, name: str, place: str) -> None:
    audit.record_at_host(actor, host, action, f"{name}, from {place}", ref=place)
    logger.warning(action.value, host=host.hostname, staff=name, network=place)


def _host_and_network(request: HttpRequest | None) -> tuple[Host | None, str]:
    host: Host | None = getattr(request, "host", None)
    if request is None or host is None:
        return None, ""  # not through a page of ours
    return host, network(request.META.get("REMOTE_ADDR", ""))
