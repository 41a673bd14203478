"""Sending: one e-mail as a message, given to Django's EMAIL_BACKEND.

Whatever can be a backend sends: `hosting.mail.smtp` by default, a service's (GROVE_MAIL_BACKEND), a
test's. A backend has to have a time-out of its own, below the lease of an attempt.
"""

from email.headerregistry import Address
from email.utils import format_datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from hosting.mail.emails import sender_of
from hosting.mail.failures import Refused, Undelivered, failure_of
from hosting.mail.models import OutgoingMail, Sender


def send(mail: OutgoingMail) -> None:
    """One attempt. Raises Refused, Undelivered, Unavailable."""
    message = message_of(mail, sender_of(mail.host))
    try:
        backend = get_connection(settings.EMAIL_BACKEND, **settings.MAIL_OPTIONS)
        taken = backend.send_messages([message])
    except Exception as error:
        raise failure_of(error) from error
    if not taken:
        raise Undelivered("the mail backend took nothing and does not say why")


def message_of(mail: OutgoingMail, sender: Sender) -> EmailMultiAlternatives:
    """The e-mail as RFC 5322 wants it. Whoever repeats an attempt sends the same one. Raises
    Refused for an address that nobody can write to."""
    tenant = mail.host.tenant
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=_address(tenant.name, _from(mail, sender)),
        to=[_address("", mail.recipient)],
        reply_to=[_address(tenant.name, tenant.support_email)] if tenant.support_email else None,
        headers={
            "Date": format_datetime(mail.created_at),
            "Message-ID": f"<{mail.message_id}>",
            "Auto-Submitted": "auto-generated",  # RFC 3834: no holiday notices, please
        },
    )
    message.attach_alternative(mail.html, "text/html")
    return message


def _from(mail: OutgoingMail, sender: Sender) -> str:
    return sender.address or settings.MAIL_FROM or f"noreply@{mail.host.hostname}"


def _address(name: str, text: str) -> str:
    """Domains beyond ASCII go in their IDNA form, which every mail server understands."""
    local, _, domain = text.rpartition("@")
    try:
        return str(Address(name, local, domain.encode("idna").decode("ascii")))
    except (UnicodeError, ValueError) as fault:
        raise Refused(f"not an address that can be written to: {fault}") from fault
