"""The SMTP backend of Django's mail: sends to GROVE_SMTP_URL (RFC 5321, RFC 8314).

`smtp://` speaks STARTTLS where the server offers it; `smtps://` is TLS from the first byte. User
and password, percent-encoded, are never sent in clear text except to this very machine. Every step
has a time-out, and the whole conversation a deadline, so that a server that drips cannot hold a
worker beyond the e-mail's lease.
"""

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from hosting.mail.failures import Unavailable

STEP_TIMEOUT_S: Final = 20.0
DEADLINE_S: Final = 120.0
_PORTS: Final = {"smtp": 25, "smtps": 465}
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


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


class Backend(BaseEmailBackend):
    """One conversation for the messages of a call."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._server = Server.parse(settings.SMTP_URL)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many were taken. Raises SMTPException, OSError, Unavailable."""
        with _connected(self._server) as connection:
            greet(connection, self._server)
            for message in email_messages:
                recipients = [parseaddr(each)[1] for each in message.recipients()]
                connection.send_message(message.message(), to_addrs=recipients)
        return len(email_messages)


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
    if server.hostname in LOOPBACK:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def greet(connection: smtplib.SMTP, server: Server) -> None:
    """EHLO, TLS where it is to be had, and who we are."""
    connection.ehlo_or_helo_if_needed()
    is_safe = server.scheme == "smtps" or server.hostname in LOOPBACK
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
