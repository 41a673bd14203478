"""E-mails of a host, and how time passes for them."""

from datetime import timedelta

from django.utils import timezone

from hosting.mail import delivery, emails, outbox
from hosting.mail.models import OutgoingMail
from hosting.models import Host

CODE = "ABCDE-23456"


def post(host: Host, kind: emails.EmailKind = emails.CONFIRM_EMAIL) -> OutgoingMail:
    context = {"code": CODE, "handle": "alice.test"}
    return outbox.post(host, "alice@example.com", kind, context)


def stored(mail: OutgoingMail) -> OutgoingMail:
    return OutgoingMail.objects.get(pk=mail.pk)


def make_due(mail: OutgoingMail) -> None:
    """Time passes: the pause, or the lease of a dead worker, is over."""
    delivery.outage.end()
    OutgoingMail.objects.filter(pk=mail.pk).update(next_attempt_at=timezone.now())


def make_old(mail: OutgoingMail) -> None:
    """The time in which the e-mail is worth something is over, and every pause."""
    past = timezone.now() - timedelta(seconds=1)
    OutgoingMail.objects.filter(pk=mail.pk).update(expires_at=past, next_attempt_at=past)
