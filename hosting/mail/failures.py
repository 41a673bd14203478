"""What becomes of an e-mail that a mail server or service did not take: never, later, all of them.

Backends of Django fail in their own ways: `smtplib` by codes, those of services (anymail's) by the
status of an answer. Here each way is one of three.
"""

import smtplib
from typing import Final

from server.logs.redaction import without_secrets

_PERMANENT: Final = 500
_OURS: Final = range(400, 500)  # statuses that blame the request, and so perhaps this e-mail
_ABOUT_ALL: Final = {401, 403, 408, 429}  # our credentials, or too much at once
# anymail's, by name: it is not a dependency of ours
_ABOUT_RECIPIENT: Final = {"AnymailRecipientsRefused", "AnymailInvalidAddress"}


class Undelivered(Exception):
    """Not delivered, or not known to be; worth another attempt. Says why, for the operator."""


class Unavailable(Undelivered):
    """The mail server cannot be talked to: what holds for this e-mail holds for all."""


class Refused(Exception):
    """The mail server will never take this e-mail for this recipient."""


def failure_of(error: Exception) -> Undelivered | Refused:
    """What an error of a backend means for the e-mail."""
    if isinstance(error, Undelivered | Refused):
        return error
    if isinstance(error, smtplib.SMTPException):
        return _of_smtp(error)
    status = getattr(error, "status_code", None)
    said = _said(error)
    if {kind.__name__ for kind in type(error).__mro__} & _ABOUT_RECIPIENT:
        return Refused(said)
    if status in _OURS and status not in _ABOUT_ALL:
        return Undelivered(said)
    return Unavailable(said)


def _of_smtp(error: smtplib.SMTPException) -> Undelivered | Refused:
    match error:
        case smtplib.SMTPRecipientsRefused():
            return _by_code(*next(iter(error.recipients.values())))
        case smtplib.SMTPDataError():
            return _by_code(error.smtp_code, error.smtp_error)
        case smtplib.SMTPSenderRefused():  # one host's address, perhaps: it can be mended
            return Undelivered(_text(error.smtp_code, error.smtp_error))
        case smtplib.SMTPNotSupportedError():
            return Undelivered(str(error))
        case smtplib.SMTPResponseException():  # of the greeting, or of signing in
            return Unavailable(_text(error.smtp_code, error.smtp_error))
    return Unavailable(_said(error))


def _by_code(code: int, reason: bytes | str) -> Undelivered | Refused:
    """A 5xx about the recipient or the e-mail is final; a 4xx is not (RFC 5321 4.2.1)."""
    kind = Refused if code >= _PERMANENT else Undelivered
    return kind(_text(code, reason))


def _text(code: int, reason: bytes | str) -> str:
    said = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
    return " ".join(f"{code} {said}".split())


def _said(error: Exception) -> str:
    """In a line; what a service answers may name its key."""
    return " ".join(without_secrets(f"{type(error).__name__}: {error}").split())
