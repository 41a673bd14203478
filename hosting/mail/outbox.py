"""The outbox: letters are rows first, and leave when there is a mail server that takes them.

`post` writes the row in the caller's transaction, so the letter exists exactly when what it tells
about came true. An attempt claims the row by an update that must change exactly one, hands it over
with no transaction open, and writes down what came of it. Whoever runs it, however often: a letter
that was sent is not sent again. Only a crash between the mail server's yes and ours repeats one,
and then under the same Message-ID, by which mailboxes know it for the same.
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from kombu.exceptions import OperationalError

from hosting import celery
from hosting.mail import letters, smtp
from hosting.mail.letters import Letter
from hosting.mail.models import OutgoingMail, Sender
from hosting.models import Host

LEASE: Final = timedelta(seconds=2 * smtp.DEADLINE_S)
KEPT_FOR: Final = timedelta(days=30)  # the rows, without their words
_LONGEST_PAUSE_S: Final = 900
_LONGEST_PAUSE_OF_A_CODE_S: Final = 60  # somebody is waiting
_SWEEP_BATCH: Final = 200
_ERROR_MAX: Final = 300


def post(
    host: Host,
    recipient: str,
    letter: Letter,
    context: Mapping[str, Any],
    *,
    language: str | None = None,
) -> OutgoingMail:
    """Put a letter into the outbox, in the caller's transaction; it leaves after the commit.

    `context` fills the letter's templates (hosting.mail.letters). `language` is the reader's; None:
    the host's own.
    """
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
        transaction.on_commit(partial(wake, mail.pk))
    return mail


def is_capturing() -> bool:
    """Whether letters stay here, for /dev/mail to show: in a sandbox without a mail server."""
    return settings.SANDBOX and not settings.SMTP_URL


def sender_of(host: Host) -> Sender:
    """The voice of a host; one without a row has the defaults."""
    return Sender.objects.filter(host_id=host.pk).first() or Sender(host=host)


def forget(host: Host, recipient: str) -> None:
    """Remove what was ever written to somebody who goes, in the caller's transaction."""
    OutgoingMail.objects.filter(host=host, recipient=recipient).delete()


def wake(mail_id: int) -> None:
    """Have a worker send the letter now; without a broker, do it in this thread."""
    if settings.VALKEY_URL:
        try:
            celery.app.send_task("hosting.mail.deliver", args=(mail_id,), retry=False)
        except OperationalError:
            pass
        else:
            return
    deliver(mail_id)


def deliver(mail_id: int) -> None:
    """Make one attempt, when one is due. Safe to repeat and to run in two places at once."""
    mail = _claim(mail_id)
    if mail is None:
        return
    try:
        smtp.send(settings.SMTP_URL, mail, sender_of(mail.host))
    except smtp.Refused as refusal:
        _decide(mail, OutgoingMail.State.FAILED, str(refusal))
    except smtp.Undelivered as failure:
        _put_off(mail, str(failure))
    else:
        _decide(mail, OutgoingMail.State.SENT)


def wake_due() -> None:
    """The sweep: wake every letter whose time has come, and give up those whose time is over."""
    _expire()
    due = OutgoingMail.objects.unsent().filter(next_attempt_at__lte=timezone.now())
    for mail_id in due.order_by("next_attempt_at").values_list("pk", flat=True)[:_SWEEP_BATCH]:
        wake(mail_id)


def forget_old() -> None:
    """The hourly sweep: rows that nobody will ask about any more."""
    decided = OutgoingMail.objects.exclude(state__in=OutgoingMail.UNSENT)
    decided.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()


def _claim(mail_id: int) -> OutgoingMail | None:
    """The letter with the attempt counted and its lease taken; None when that is not for us."""
    now = timezone.now()
    due = OutgoingMail.objects.unsent().filter(
        pk=mail_id, next_attempt_at__lte=now, expires_at__gt=now
    )
    is_ours = due.update(
        state=OutgoingMail.State.SENDING, attempts=F("attempts") + 1, next_attempt_at=now + LEASE
    )
    if not is_ours:
        return None
    return OutgoingMail.objects.select_related("host__tenant").get(pk=mail_id)


def _decide(mail: OutgoingMail, state: OutgoingMail.State, error: str = "") -> None:
    """What became of it. Its words are gone from here: they may hold a code."""
    OutgoingMail.objects.unsent().filter(pk=mail.pk, attempts=mail.attempts).update(
        state=state, decided_at=timezone.now(), text="", html="", last_error=error[:_ERROR_MAX]
    )


def _put_off(mail: OutgoingMail, error: str) -> None:
    is_code = mail.expires_at - mail.created_at < timedelta(hours=1)
    longest_s = _LONGEST_PAUSE_OF_A_CODE_S if is_code else _LONGEST_PAUSE_S
    pause_s = min(2 ** min(mail.attempts, 20), longest_s)
    OutgoingMail.objects.unsent().filter(pk=mail.pk, attempts=mail.attempts).update(
        state=OutgoingMail.State.QUEUED,
        next_attempt_at=timezone.now() + timedelta(seconds=pause_s),
        last_error=error[:_ERROR_MAX],
    )


def _expire() -> None:
    """Words that are worth nothing any more go; a letter that nobody took has failed.

    One that is being sent at this moment is left to its attempt, whose lease runs out.
    """
    now = timezone.now()
    over = OutgoingMail.objects.filter(expires_at__lte=now)
    over.unsent().filter(next_attempt_at__lte=now).update(
        state=OutgoingMail.State.FAILED, decided_at=now, text="", html=""
    )
    captured = over.filter(state=OutgoingMail.State.CAPTURED)
    captured.exclude(text="").update(text="", html="")
