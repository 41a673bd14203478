"""The outbox: letters are rows first.

`post` writes the row in the caller's transaction, so the letter exists exactly when what it tells
about came true. How it leaves: hosting.mail.delivery.
"""

import logging
import secrets
from collections.abc import Mapping
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from hosting.limits.budgets import RateLimitExceeded
from hosting.mail import budgets, delivery, letters
from hosting.mail.letters import Letter, sender_of
from hosting.mail.models import OutgoingMail
from hosting.models import Host

logger = logging.getLogger("hosting.mail")


def post(  # noqa: PLR0913 - a letter has these
    host: Host,
    recipient: str,
    letter: Letter,
    context: Mapping[str, Any],
    *,
    language: str | None = None,
    cause: str = "",
) -> OutgoingMail | None:
    """Put a letter into the outbox, in the caller's transaction; it leaves after the commit.

    `context` fills the letter's templates (hosting.mail.letters). `language` is the reader's; None:
    the host's own. `cause` is the DID of the account that makes us write. When its recipient or its
    cause got enough of the kind lately (hosting.mail.budgets), a letter that was asked for raises
    RateLimitExceeded, any other is left out: None.
    """
    try:
        budgets.spend(host, letter, recipient, cause)
    except RateLimitExceeded:
        if letter.is_asked_for:
            raise
        logger.warning("a letter (%s) was left out: its budget is spent", letter.name)
        return None
    now = timezone.now()
    words = letters.write(host, letter, context, language or sender_of(host).language)
    is_captured = is_capturing()
    mail = OutgoingMail.objects.create(
        host=host,
        message_id=f"{secrets.token_hex(16)}@{host.hostname}",
        letter=letter.name,
        recipient=recipient,
        subject=words.subject[:300],
        text=words.text,
        html=words.html,
        state=OutgoingMail.State.CAPTURED if is_captured else OutgoingMail.State.QUEUED,
        next_attempt_at=now,
        expires_at=now + letter.worth_for,
        decided_at=now if is_captured else None,
    )
    if not is_captured:
        transaction.on_commit(partial(delivery.wake, mail.pk))
    return mail


def is_capturing() -> bool:
    """Whether letters stay here, for /dev/mail to show: in a sandbox without a mail server."""
    return settings.SANDBOX and not settings.SMTP_URL


def forget(host: Host, recipient: str) -> None:
    """Remove what was ever written to somebody who goes, in the caller's transaction."""
    OutgoingMail.objects.filter(host=host, recipient=recipient).delete()
