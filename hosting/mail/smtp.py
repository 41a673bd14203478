"""The SMTP client: sends one e-mail to GROVE_SMTP_URL (RFC 5321, RFC 8314).

`smtp://` speaks STARTTLS where the server offers it; `smtps://` is TLS from the first byte. User
and password, percent-encoded, are never sent in clear text except to this very machine. Every step
has a time-out, and the whole conversation a deadline, so that a server that drips cannot hold a
worker beyond the e-mail's lease.
"""

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final
from urllib.parse import unquote, urlsplit

from django.conf import settings

from hosting.mail.models import OutgoingMail, Sender

STEP_TIMEOUT_S: Final = 20.0
DEADLINE_S: Final = 120.0
_PORTS: Final = {"smtp": 25, "smtps": 465}
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PERMANENT: Final = 500


class Undelivered(Exception):
    """Not delivered, or not known to be; worth another attempt. Says why, for the operator."""


class Unavailable(Undelivered):
    """The mail server cannot be talked to: what holds for this e-mail holds for all."""


class Refused(Exception):
    """The mail server will never take this e-mail for this recipient."""


@dataclass(frozen=True)
class Server:
    """GROVE_SMTP_URL, read."""

    scheme: str
    hostname: str
    port: int
    user: str
    password: str

    @classmethod
    def parse(cls, url: str) -> "Server":
        """Raises Unavailable for what is no URL of a mail server, so that mail waits for a better
        one."""
        if not url:
            raise Unavailable("GROVE_SMTP_URL is not set")
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise Unavailable("GROVE_SMTP_URL must be smtp://host:port or smtps://...") from None
        if not parts.hostname:
            raise Unavailable("GROVE_SMTP_URL names no host")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.scheme, parts.hostname, port, user, password)


def send(url: str, mail: OutgoingMail, sender: Sender) -> None:
    """One conversation with the mail server. Raises Refused, Undelivered, Unavailable."""
    server = Server.parse(url)
    message = message_of(mail, sender)
    try:
        with _connected(server) as connection:
            _greet(connection, server)
            connection.send_message(message)
    except smtplib.SMTPRecipientsRefused as refusal:
        raise _worded(*next(iter(refusal.recipients.values()))) from refusal
    except smtplib.SMTPDataError as refusal:
        raise _worded(refusal.smtp_code, refusal.smtp_error) from refusal
    except smtplib.SMTPSenderRefused as refusal:  # one host's address, perhaps: it can be mended
        raise Undelivered(_text(refusal.smtp_code, refusal.smtp_error)) from refusal
    except smtplib.SMTPNotSupportedError as refusal:
        raise Undelivered(str(refusal)) from refusal
    except smtplib.SMTPResponseException as failure:  # of the greeting, or of signing in
        raise Unavailable(_text(failure.smtp_code, failure.smtp_error)) from failure
    except (smtplib.SMTPException, OSError) as failure:
        raise Unavailable(f"{type(failure).__name__}: {failure}") from failure


def message_of(mail: OutgoingMail, sender: Sender) -> EmailMessage:
    """The e-mail as RFC 5322 wants it. Whoever repeats an attempt sends the same one."""
    tenant = mail.host.tenant
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(tenant.name, _from(mail, sender))
    message["To"] = _address("", mail.recipient)
    if tenant.support_email:
        message["Reply-To"] = _address(tenant.name, tenant.support_email)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.message_id}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notices, please
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def _from(mail: OutgoingMail, sender: Sender) -> str:
    return sender.address or settings.MAIL_FROM or f"noreply@{mail.host.hostname}"


def _address(name: str, text: str) -> Address:
    """Domains beyond ASCII go in their IDNA form, which every mail server understands."""
    local, _, domain = text.rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii")
        return Address(name, local, domain)
    except (UnicodeError, ValueError) as fault:
        raise Refused(f"not an address that can be written to: {fault}") from fault


@contextmanager
def _connected(server: Server) -> Iterator[smtplib.SMTP]:
    """A connection that is cut when its deadline comes."""
    connection = _open(server)
    cut = threading.Timer(DEADLINE_S, _cut, (connection,))
    cut.daemon = True
    cut.start()
    try:
        yield connection
        with suppress(smtplib.SMTPException, OSError):
            connection.quit()  # the e-mail is taken; a lost goodbye changes nothing
    finally:
        cut.cancel()
        connection.close()


def _open(server: Server) -> smtplib.SMTP:
    if server.scheme == "smtps":
        return smtplib.SMTP_SSL(
            server.hostname, server.port, timeout=STEP_TIMEOUT_S, context=_trust_in(server)
        )
    return smtplib.SMTP(server.hostname, server.port, timeout=STEP_TIMEOUT_S)


def _trust_in(server: Server) -> ssl.SSLContext:
    """Certificates are checked, but for this very machine, whose mail servers sign their own."""
    context = ssl.create_default_context()
    if server.hostname in _LOOPBACK:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _greet(connection: smtplib.SMTP, server: Server) -> None:
    """EHLO, TLS where it is to be had, and who we are."""
    connection.ehlo_or_helo_if_needed()
    is_safe = server.scheme == "smtps" or server.hostname in _LOOPBACK
    if server.scheme == "smtp" and connection.has_extn("starttls"):
        connection.starttls(context=_trust_in(server))
        is_safe = True
    if server.user:
        if not is_safe:
            raise Unavailable("the mail server offers no TLS: the password is not sent in clear")
        connection.login(server.user, server.password)


def _cut(connection: smtplib.SMTP) -> None:
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _worded(code: int, reason: bytes | str) -> Exception:
    """A 5xx about the recipient or the e-mail is final; a 4xx is not (RFC 5321 4.2.1)."""
    kind = Refused if code >= _PERMANENT else Undelivered
    return kind(_text(code, reason))


def _text(code: int, reason: bytes | str) -> str:
    said = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
    return " ".join(f"{code} {said}".split())
