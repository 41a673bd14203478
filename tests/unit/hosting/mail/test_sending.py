"""Any backend of Django's sends our mail, and its failures mean never, later, or all of them."""

import smtplib
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.mail.backends.base import BaseEmailBackend

from hosting.mail import delivery, failures, outbox, sending
from hosting.mail.failures import Refused, Unavailable, Undelivered
from hosting.mail.models import OutgoingMail
from server import environment
from tests.unit.hosting.mail.emails import CODE, post, stored

State = OutgoingMail.State
KEY = "a-key-of-the-service"


class AnymailError(Exception):
    """As anymail's errors are, in what is looked at."""

    def __init__(self, status_code: int | None = None) -> None:
        super().__init__(f"Sending failed\n  password={KEY} to bob@example.com")
        self.status_code = status_code


class AnymailRecipientsRefused(AnymailError):
    pass


class Service(BaseEmailBackend):
    """A backend of a service, which fails as a test says."""

    error: Exception | None = None
    taken: int | None = 1
    options: dict[str, Any] = {}

    def __init__(self, **options: Any) -> None:
        super().__init__()
        Service.options = options

    def send_messages(self, _messages: object) -> int | None:
        if self.error is not None:
            raise self.error
        return self.taken


@pytest.fixture
def service(settings, monkeypatch) -> type[Service]:
    settings.SANDBOX, settings.VALKEY_URL, settings.SMTP_URL = False, "", ""
    settings.MAIL_BACKEND = settings.EMAIL_BACKEND = f"{__name__}.Service"
    settings.MAIL_OPTIONS = {"server_token": KEY}
    delivery.outage.end()
    yield Service
    Service.error, Service.taken = None, 1
    delivery.outage.end()


def test_a_tests_outbox_gets_the_whole_message(ash, settings):
    settings.SANDBOX, settings.VALKEY_URL = False, ""
    ash.tenant.support_email = "help@ash.example"
    ash.tenant.save()
    mail = post(ash)
    delivery.deliver(mail.pk)
    assert stored(mail).state == State.SENT
    (message,) = django_mail.outbox
    assert (message.from_email, message.to) == ("Ash <noreply@localhost>", ["alice@example.com"])
    assert message.reply_to == ["Ash <help@ash.example>"]
    assert message.extra_headers["Message-ID"] == f"<{mail.message_id}>"
    assert CODE in message.body
    assert CODE in message.alternatives[0][0]


def test_a_service_gets_what_its_class_is_made_with(ash, service):
    mail = post(ash)
    delivery.deliver(mail.pk)
    assert stored(mail).state == State.SENT
    assert service.options["server_token"] == KEY


def test_a_sandbox_with_a_service_keeps_nothing_back(ash, service, settings):
    settings.SANDBOX = True
    assert not outbox.is_capturing()
    settings.MAIL_BACKEND = ""
    assert outbox.is_capturing()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AnymailRecipientsRefused(422), Refused),
        (AnymailError(400), Undelivered),
        (AnymailError(422), Undelivered),
        (AnymailError(401), Unavailable),
        (AnymailError(429), Unavailable),
        (AnymailError(503), Unavailable),
        (AnymailError(), Unavailable),
        (ConnectionRefusedError("no"), Unavailable),
        (TimeoutError("slow"), Unavailable),
        (TypeError("an option of another backend"), Unavailable),
        (smtplib.SMTPRecipientsRefused({"a@b": (550, b"nobody")}), Refused),
        (smtplib.SMTPRecipientsRefused({"a@b": (450, b"later")}), Undelivered),
        (smtplib.SMTPDataError(554, b"spam"), Refused),
        (smtplib.SMTPDataError(451, b"busy"), Undelivered),
        (smtplib.SMTPSenderRefused(550, b"who", "a@b"), Undelivered),
        (smtplib.SMTPAuthenticationError(535, b"wrong"), Unavailable),
        (smtplib.SMTPServerDisconnected("gone"), Unavailable),
    ],
)
def test_a_failure_means_never_later_or_all(error, kind):
    assert type(failures.failure_of(error)) is kind


def test_a_failure_is_noted_in_a_line_without_keys_and_addresses(ash, service):
    service.error = AnymailError(400)
    mail = post(ash)
    delivery.deliver(mail.pk)
    failed = stored(mail)
    assert failed.state == State.WAITING
    assert failed.last_error.startswith("AnymailError: Sending failed password=(left out)")
    assert KEY not in failed.last_error
    assert "bob@" not in failed.last_error


def test_a_service_that_is_away_is_asked_by_one_email_at_a_time(ash, service):
    service.error = AnymailError(503)
    delivery.deliver(post(ash).pk)
    assert delivery.outage.is_on


def test_a_backend_that_takes_nothing_has_not_sent(ash, service):
    for taken in (0, None):
        service.taken = taken
        with pytest.raises(Undelivered):
            sending.send(post(ash))


def test_a_backend_that_is_not_installed_leaves_mail_waiting(ash, service, settings):
    settings.EMAIL_BACKEND = "anymail.backends.nobody.EmailBackend"
    with pytest.raises(Unavailable, match="ModuleNotFoundError"):
        sending.send(post(ash))


@pytest.mark.parametrize("value", ["[]", "{", "7", "token"])
def test_options_that_are_no_object_are_refused_without_being_shown(monkeypatch, value):
    monkeypatch.setenv("GROVE_MAIL_OPTIONS", value)
    with pytest.raises(SystemExit, match=r"^GROVE_MAIL_OPTIONS must be a JSON object\.$"):
        environment.options("GROVE_MAIL_OPTIONS")
