"""Invitations to sign up that are mailed to people, each with its own code where one is needed.

An address is written to once in RESTS, so that a list that is sent twice annoys nobody.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.invites import codes, links
from accounts.models import Account
from hosting import limits
from hosting.limits import DAY_S, Budget, bucket
from hosting.mail import emails, outbox
from hosting.mail.models import OutgoingMail
from hosting.models import Host
from hosting.tenancy import suspension
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.models import AuditEntry
from moderation.permissions import Deed
from protocol.errors import InvalidRequest, XrpcError

RESTS: Final = timedelta(days=7)
MAILED: Final = bucket("mailed-invites", Budget(2_000, DAY_S))  # of a tenant, to whomever
_WITHOUT_SIGN_UPS: Final = (Host.Admission.CLOSED, Host.Admission.MIGRATION_ONLY)


class SignUpsClosed(XrpcError):
    """409: an invitation would lead to a page that lets nobody in."""

    name = "SignUpsClosed"
    status = 409
    message = "Nobody can sign up at this host. Change its sign-up policy first."
    page_text = _("Nobody can sign up at this host. Change its sign-up policy first.")


class KnownAddress(InvalidRequest):
    """400: it has an account, or was invited some days ago."""

    field = "email"
    message = "This address has an account here, or was invited in the last days."
    page_text = _("This address has an account here, or was invited in the last days.")


def is_address(text: str) -> bool:
    """Whether a mail could go there."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254  # RFC 5321 section 4.5.3.1.3


def check_open(host: Host) -> None:
    """Raises SignUpsClosed."""
    if host.admission in _WITHOUT_SIGN_UPS or suspension.is_suspended(host):
        raise SignUpsClosed


def known(host: Host, addresses: Collection[str]) -> set[str]:
    """Those of the addresses that have an account at the host, or were invited within RESTS."""
    having = Account.objects.of(host).filter(email__in=addresses)
    return {*having.values_list("email", flat=True)} | {*_invited(host, addresses)}


def invite(actor: Actor, host: Host, email: str) -> None:
    """Mail somebody the way to an account. Raises NotAllowed, SignUpsClosed, KnownAddress,
    RateLimitExceeded."""
    permissions.require(actor, Deed.INVITES_GIVE, host.tenant_id)
    check_open(host)
    email = email.strip().lower()
    if known(host, [email]):
        raise KnownAddress
    spend(host)
    with transaction.atomic():
        audit.record_at_host(actor, host, AuditEntry.Action.INVITES_CREATE, f"mailed to {email}")
        send(host, email)


def spend(host: Host) -> None:
    """Count a letter for the host's tenant, before the transaction that writes it: strangers get
    it, in the name of the platform. Raises RateLimitExceeded."""
    limits.spend(MAILED, None, f"tenant {host.tenant_id}")


def send(host: Host, email: str) -> None:
    """The letter and its code, in the caller's transaction. Raises RateLimitExceeded."""
    code = ""
    if host.has_invites_required:
        (code,) = codes.give(host, codes_each=1, uses_each=1)["admin"]
    outbox.post(host, email, emails.ACCOUNT_INVITE, {"link": links.link(host, code)})


def was_sent(host: Host, email: str, since: datetime) -> bool:
    """Whether the letter was written since then."""
    return _invited(host, [email], since).exists()


def _invited(
    host: Host, addresses: Collection[str], since: datetime | None = None
) -> "models.QuerySet[OutgoingMail, str]":
    """By the index over host and recipient."""
    written = OutgoingMail.objects.filter(
        host=host,
        recipient__in=addresses,
        kind=emails.ACCOUNT_INVITE.name,
        created_at__gte=since or timezone.now() - RESTS,
    )
    return written.values_list("recipient", flat=True)
