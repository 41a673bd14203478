"""A host that writes, and a mail server that takes what it writes."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from hosting.mail import delivery, emails, outbox
from hosting.mail.models import OutgoingMail
from hosting.models import Host
from tests.smtp_server import PostOffice

CODE = "ABCDE-23456"


@pytest.fixture
def post_office(tmp_path: Path, settings) -> Iterator[PostOffice]:
    """Closed; the settings lead to it."""
    office = PostOffice(tmp_path)
    settings.SMTP_URL = office.url
    settings.VALKEY_URL = ""
    delivery.outage.end()
    yield office
    office.close()
    delivery.outage.end()


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
