"""The conversation with the mail server: TLS, passwords, addresses, headers."""

from datetime import UTC, datetime, timedelta
from email.message import Message
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.test import override_settings

from hosting.mail import failures, sending, smtp
from hosting.mail.models import OutgoingMail, Sender
from tests.unit.hosting.mail.emails import post


def message_of(mail: OutgoingMail, sender: Sender) -> Message:
    return sending.message_of(mail, sender).message()


@pytest.fixture
def certificate(post_office, monkeypatch) -> Path:
    """The post office's, of 127.0.0.1, which this process trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "post office")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(
        now + timedelta(days=1)
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    file = post_office.folder / "certificate.pem"
    file.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


@pytest.fixture(autouse=True)
def backend(settings) -> None:
    settings.EMAIL_BACKEND = "hosting.mail.smtp.Backend"


def send(mail: OutgoingMail, url: str) -> None:
    with override_settings(SMTP_URL=url):
        sending.send(mail)


def test_starttls_and_a_password_with_odd_signs(ash, post_office, certificate):
    post_office.open("secret")
    send(post(ash), f"smtp://user:pass%20word@127.0.0.1:{post_office.port}")
    assert len(post_office.emails) == 1


def test_a_wrong_password_is_not_final_and_is_not_shown(ash, post_office, certificate):
    post_office.open("secret")
    with pytest.raises(failures.Undelivered, match=r"^535 wrong$"):
        send(post(ash), f"smtp://user:sesame@127.0.0.1:{post_office.port}")


def test_tls_from_the_first_byte(ash, post_office, certificate):
    post_office.open("tls")
    send(post(ash), f"smtps://127.0.0.1:{post_office.port}")
    assert len(post_office.emails) == 1


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    ash, post_office, certificate, monkeypatch
):
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setattr(smtp, "LOOPBACK", frozenset())
    post_office.open("tls")
    with pytest.raises(failures.Undelivered, match="CERTIFICATE_VERIFY_FAILED"):
        send(post(ash), f"smtps://127.0.0.1:{post_office.port}")


def test_this_machines_own_mail_server_may_sign_for_itself(
    ash, post_office, certificate, monkeypatch
):
    monkeypatch.delenv("SSL_CERT_FILE")
    post_office.open("tls")
    send(post(ash), f"smtps://127.0.0.1:{post_office.port}")
    assert len(post_office.emails) == 1


def test_a_sender_that_the_server_refuses_is_no_outage(ash, post_office, certificate):
    post_office.open("secret")  # and says 530 to whoever did not sign in
    with pytest.raises(failures.Undelivered, match=r"^530") as refusal:
        send(post(ash), post_office.url)
    assert not isinstance(refusal.value, failures.Unavailable)


def test_a_password_is_not_sent_in_clear_to_another_machine(ash, post_office, monkeypatch):
    post_office.open()
    monkeypatch.setattr(smtp, "LOOPBACK", frozenset())
    with pytest.raises(failures.Undelivered, match="in clear"):
        send(post(ash), f"smtp://user:x@127.0.0.1:{post_office.port}")
    assert post_office.emails == []


def test_a_conversation_that_drags_on_is_cut(ash, post_office, monkeypatch):
    monkeypatch.setattr(smtp, "DEADLINE_S", 0.0)
    monkeypatch.setattr(smtp, "greet", lambda connection, _: connection.sock.recv(1))
    post_office.open()
    with pytest.raises(failures.Undelivered):
        send(post(ash), post_office.url)


@pytest.mark.parametrize(
    "url", ["", "mail.example", "http://mail.example", "smtp://:25", "smtp://x:y"]
)
def test_what_is_no_mail_server_is_said(ash, url):
    with pytest.raises(failures.Undelivered, match="GROVE_SMTP_URL"):
        send(post(ash), url)


@pytest.mark.parametrize(
    ("url", "port"), [("smtp://mail.example", 25), ("smtps://mail.example", 465)]
)
def test_ports_may_be_left_out(url, port):
    assert smtp.Server.parse(url).port == port


def test_an_email_is_from_the_tenant_and_answers_go_to_its_support(ash):
    ash.tenant.support_email = "help@ash.example"
    message = message_of(post(ash), Sender(host=ash))
    assert message["From"] == "Ash <noreply@localhost>"
    assert message["Reply-To"] == "Ash <help@ash.example>"
    assert message["To"] == "alice@example.com"
    assert message["Auto-Submitted"] == "auto-generated"


def test_a_host_may_write_from_an_address_of_its_own(ash, settings):
    settings.MAIL_FROM = "mail@provider.example"
    sender = Sender(host=ash)
    assert message_of(post(ash), sender)["From"] == "Ash <mail@provider.example>"
    sender.address = "grove@ash.example"
    assert message_of(post(ash), sender)["From"] == "Ash <grove@ash.example>"


def test_a_domain_beyond_ascii_goes_in_its_idna_form(ash):
    mail = post(ash)
    mail.recipient = "alice@bücher.example"
    message = message_of(mail, Sender(host=ash))
    assert message["To"] == "alice@xn--bcher-kva.example"


def test_an_address_that_nobody_can_write_to_is_final(ash):
    mail = post(ash)
    mail.recipient = "alice@" + "x" * 80 + ".example"
    with pytest.raises(failures.Refused):
        message_of(mail, Sender(host=ash))


def test_a_subject_cannot_bring_headers_along(ash):
    mail = post(ash)
    mail.subject = "Hello\r\nBcc: eve@example.com"
    with pytest.raises(ValueError, match="line"):
        message_of(mail, Sender(host=ash))
