"""The outbox: e-mails are rows first.

`post` writes the row in the caller's transaction, so the e-mail exists exactly when what it tells
about came true. How it leaves: hosting.mail.delivery.
"""

import secrets
from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from hosting.limits.budgets import RateLimitExceeded
from hosting.mail import budgets, delivery, emails
from hosting.mail.emails import EmailKind, sender_of
from hosting.mail.models import HeldMailbox, OutgoingMail
from hosting.models import Host
from hosting.plans.quotas import QuotaExceeded
from server.database import model_rows


class Owner(Protocol):
    """What an account says of its owner (accounts.models.Account)."""

    host: Host
    did: str
    email: str
    language: str


logger = structlog.stdlib.get_logger(__name__)


def post(  # noqa: PLR0913 - an e-mail has these
    host: Host,
    recipient: str,
    kind: EmailKind,
    context: Mapping[str, Any],
    *,
    language: str | None = None,
    cause: str = "",
) -> OutgoingMail | None:
    """Put an e-mail into the outbox, in the caller's transaction; it leaves after the commit.

    `context` fills the e-mail's templates (hosting.mail.emails). `language` is the reader's; none:
    the host's own. `cause` is the DID of the account that makes us write. When its recipient or its
    cause got enough of the kind lately (hosting.mail.budgets), an e-mail that was asked for raises
    RateLimitExceeded, any other is left out: None. So does QuotaExceeded, when the tenant's plan
    allows no more e-mails today.
    """
    try:
        budgets.spend(host, kind, recipient, cause)
    except (RateLimitExceeded, QuotaExceeded):
        if kind.is_asked_for:
            raise
        logger.warning(
            "an e-mail was left out: its budget is spent", kind=kind.name, host=host.hostname
        )
        return None
    now = timezone.now()
    rendered = emails.write(host, kind, context, language or sender_of(host).language)
    is_captured = is_capturing()
    mail = model_rows.insert(
        OutgoingMail(
            host=host,
            message_id=f"{secrets.token_hex(16)}@{host.hostname}",
            kind=kind.name,
            recipient=recipient,
            subject=rendered.subject[:300],
            text=rendered.text,
            html=rendered.html,
            state=OutgoingMail.State.CAPTURED if is_captured else OutgoingMail.State.WAITING,
            expires_at=now + kind.valid_for,
            decided_at=now if is_captured else None,
        )
    )
    if not is_captured:
        transaction.on_commit(partial(delivery.queue.wake, mail.pk))
    return mail


def post_to(owner: Owner, kind: EmailKind, context: Mapping[str, Any]) -> OutgoingMail | None:
    """`post` to the owner of an account, which is what makes us write."""
    language = owner.language or None
    return post(owner.host, owner.email, kind, context, language=language, cause=owner.did)


def is_capturing() -> bool:
    """Whether e-mails stay here, for /dev/mail to show: in a sandbox without a mail server."""
    return settings.SANDBOX and not (settings.SMTP_URL or settings.MAIL_BACKEND)


def hold(host: Host, recipient: str) -> None:
    """Keep the rows of what is mailed to somebody, whoever would forget them."""
    HeldMailbox.objects.get_or_create(host=host, recipient=recipient)


def release(host: Host, recipient: str) -> None:
    """End that."""
    HeldMailbox.objects.filter(host=host, recipient=recipient).delete()


def forget(host: Host, recipient: str) -> None:
    """Remove what was ever written to somebody who goes, in the caller's transaction; nothing of
    what is held."""
    if HeldMailbox.objects.filter(host=host, recipient=recipient).exists():
        return
    OutgoingMail.objects.filter(host=host, recipient=recipient).delete()
