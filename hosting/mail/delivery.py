"""Delivery of e-mail: one claimed attempt at a time, no transaction open.

Whoever runs an attempt, however often: an e-mail that was sent is not sent again. Only a crash
between the mail server's yes and ours repeats one, and then under the same Message-ID, by which
mailboxes know it for the same. While the mail server is away, one e-mail at a time asks whether it
is back, so that a server that does not answer cannot hold every worker.
"""

import threading
import time
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Case, F, Value, When
from django.utils import timezone
from kombu.exceptions import OperationalError

from hosting import celery
from hosting.mail import failures, sending, smtp
from hosting.mail.models import OutgoingMail

LEASE: Final = timedelta(seconds=2 * smtp.DEADLINE_S)
KEPT_FOR: Final = timedelta(days=30)  # the rows, without their words
_LONGEST_PAUSE_S: Final = 900
_LONGEST_PAUSE_OF_A_CODE_S: Final = 60  # somebody is waiting
_SWEEP_BATCH: Final = 200
_ERROR_MAX: Final = 300
_TOO_LATE: Final = "the mail server was unavailable until the e-mail expired"


class Outage:
    """What this process knows of the mail server being away; forgotten after half a minute."""

    REMEMBERED_S: Final = 30.0

    def __init__(self) -> None:
        self._ends_at = 0.0

    @property
    def is_on(self) -> bool:
        return time.monotonic() < self._ends_at

    def note(self) -> None:
        self._ends_at = time.monotonic() + self.REMEMBERED_S

    def end(self) -> None:
        self._ends_at = 0.0


outage = Outage()
_sweeping = threading.Lock()


def wake(mail_id: int) -> None:
    """Have a worker send the e-mail now; without a broker, do it in this thread."""
    if settings.VALKEY_URL:
        try:
            celery.app.send_task("hosting.mail.deliver", args=(mail_id,), retry=False)
        except OperationalError:
            pass
        else:
            return
    deliver(mail_id)


def deliver(mail_id: int) -> None:
    """Make one attempt, when one is due; in an outage leave the e-mail to the sweep. Safe to repeat
    and to run in two places at once."""
    if not outage.is_on:
        _attempt(mail_id)


def wake_due() -> None:
    """The sweep: wake every e-mail whose time has come, and give up those whose time is over.

    In an outage the first of them asks whether the server is back; the others wait for its word.
    """
    _expire()
    if not _sweeping.acquire(blocking=False):
        return  # another thread is asking
    try:
        due = OutgoingMail.objects.unsent().filter(next_attempt_at__lte=timezone.now())
        ids = due.order_by("next_attempt_at").values_list("pk", flat=True)[:_SWEEP_BATCH]
        for mail_id in list(ids):
            if not outage.is_on:
                wake(mail_id)
                continue
            _attempt(mail_id)
            if outage.is_on:
                return
    finally:
        _sweeping.release()


def forget_old() -> None:
    """The hourly sweep: rows that nobody will ask about any more."""
    decided = OutgoingMail.objects.exclude(state__in=OutgoingMail.UNSENT)
    decided.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()


def _attempt(mail_id: int) -> None:
    mail = _claim(mail_id)
    if mail is None:
        return
    try:
        sending.send(mail)
    except failures.Unavailable as failure:
        outage.note()
        _postpone(mail, str(failure))
        return
    except failures.Refused as refusal:
        _decide(mail, OutgoingMail.State.FAILED, str(refusal))
    except failures.Undelivered as failure:
        _postpone(mail, str(failure))
    else:
        _decide(mail, OutgoingMail.State.SENT)
    outage.end()


def _claim(mail_id: int) -> OutgoingMail | None:
    """The e-mail with the attempt counted and its lease taken; None when that is not for us."""
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


def _postpone(mail: OutgoingMail, error: str) -> None:
    is_code = mail.expires_at - mail.created_at < timedelta(hours=1)
    longest_s = _LONGEST_PAUSE_OF_A_CODE_S if is_code else _LONGEST_PAUSE_S
    pause_s = min(2 ** min(mail.attempts, 20), longest_s)
    OutgoingMail.objects.unsent().filter(pk=mail.pk, attempts=mail.attempts).update(
        state=OutgoingMail.State.QUEUED,
        next_attempt_at=timezone.now() + timedelta(seconds=pause_s),
        last_error=error[:_ERROR_MAX],
    )


def _expire() -> None:
    """RenderedEmail that are worth nothing any more go; an e-mail that nobody took has failed.

    One that is being sent at this moment is left to its attempt, whose lease runs out.
    """
    now = timezone.now()
    over = OutgoingMail.objects.filter(expires_at__lte=now)
    over.unsent().filter(next_attempt_at__lte=now).update(
        state=OutgoingMail.State.FAILED,
        decided_at=now,
        text="",
        html="",
        last_error=Case(When(last_error="", then=Value(_TOO_LATE)), default=F("last_error")),
    )
    captured = over.filter(state=OutgoingMail.State.CAPTURED)
    captured.exclude(text="").update(text="", html="")
