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

from django.db.models import Case, Exists, F, OuterRef, TextField, Value, When
from django.utils import timezone

from hosting.mail import failures, sending, smtp
from hosting.mail.models import HeldMailbox, OutgoingMail
from hosting.models.signals import mail_refused
from server.jobs.back_off import pause_after
from server.jobs.life_cycle import OPEN
from server.jobs.queue import Queue

LEASE: Final = timedelta(seconds=2 * smtp.DEADLINE_S)
KEPT_FOR: Final = timedelta(days=30)  # the rows, without their words
_FIRST_PAUSE: Final = timedelta(seconds=2)
_LONGEST_PAUSE: Final = timedelta(minutes=15)
_LONGEST_PAUSE_OF_A_CODE: Final = timedelta(minutes=1)  # somebody is waiting
# The words of what is decided are gone: they may hold a code.
_FORGOTTEN: Final = {"text": "", "html": ""}
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
SWEEPING = threading.Lock()


def deliver(mail_id: int) -> None:
    """Make one attempt, when one is due; in an outage leave the e-mail to the sweep. Safe to repeat
    and to run in two places at once."""
    if not outage.is_on:
        _attempt(mail_id)


queue: Final = Queue(OutgoingMail, "hosting.mail.deliver", deliver)


def wake_due() -> None:
    """The sweep: wake every e-mail whose time has come, and give up those whose time is over.

    In an outage the first of them asks whether the server is back; the others wait for its word.
    """
    _expire()
    if not SWEEPING.acquire(blocking=False):
        return  # another thread is asking
    try:
        for mail_id in queue.due():
            if not outage.is_on:
                queue.wake(mail_id)
                continue
            _attempt(mail_id)
            if outage.is_on:
                return
    finally:
        SWEEPING.release()


def forget_old() -> None:
    """The hourly sweep: rows that nobody will ask about any more."""
    decided = OutgoingMail.objects.exclude(state__in=OPEN)
    same = HeldMailbox.objects.filter(host=OuterRef("host"), recipient=OuterRef("recipient"))
    old = decided.filter(created_at__lt=timezone.now() - KEPT_FOR)
    old.filter(~Exists(same)).delete()


def _attempt(mail_id: int) -> None:
    mail = claim(mail_id)
    if mail is None:
        return
    try:
        sending.send(mail)
    except failures.Unavailable as failure:
        outage.note()
        _postpone(mail, str(failure))
        return
    except failures.Refused as refusal:
        if mail.finish(OutgoingMail.State.FAILED, str(refusal), **_FORGOTTEN):
            said = {"kind": mail.kind, "recipient": mail.recipient}
            mail_refused.send(sender=OutgoingMail, host=mail.host, **said)
    except failures.Undelivered as failure:
        _postpone(mail, str(failure))
    else:
        mail.finish(OutgoingMail.State.SENT, "", **_FORGOTTEN)
    outage.end()


def claim(mail_id: int) -> OutgoingMail | None:
    """The e-mail with the attempt counted and its lease taken; None when that is not for us."""
    of_use = OutgoingMail.objects.filter(expires_at__gt=timezone.now())
    return of_use.select_related("host__tenant").claim(mail_id, LEASE)


def _postpone(mail: OutgoingMail, error: str) -> None:
    is_code = mail.expires_at - mail.created_at < timedelta(hours=1)
    longest = _LONGEST_PAUSE_OF_A_CODE if is_code else _LONGEST_PAUSE
    mail.postpone(timezone.now() + pause_after(mail.attempts, _FIRST_PAUSE, longest), error)


def _expire() -> None:
    """E-mails that are worth nothing any more go; an e-mail that nobody took has failed.

    One that is being sent at this moment is left to its attempt, whose lease runs out.
    """
    over = OutgoingMail.objects.filter(expires_at__lte=timezone.now())
    over.due().decide(
        OutgoingMail.State.FAILED,
        **_FORGOTTEN,
        last_error=Case(
            When(last_error="", then=Value(_TOO_LATE, TextField())), default=F("last_error")
        ),
    )
    captured = over.filter(state=OutgoingMail.State.CAPTURED)
    captured.exclude(text="").update(**_FORGOTTEN)
