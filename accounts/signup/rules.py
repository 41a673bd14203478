"""Rules of sign-up: who may with what (com.atproto.server.createAccount), before any row.

Every way in (XRPC, the sign-up page) hands in a `SignUp` and gets the same refusals; whether
anybody is let in at all is `policy`'s to say. Messages are the reference's where clients and tests
know them; `field` names the form field they belong to.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from accounts.authentication.credential_rules import (
    EmailTaken,
    checked_email,
    checked_password,
    refuse_guessable,
)
from accounts.identity import incoming_handles
from accounts.identity.handles import allocation
from accounts.identity.handles.allocation import HandleTaken
from hosting.models import Host
from protocol.errors import InvalidRequest
from protocol.keys import PublicKey
from server.database import connection

_EMAIL = "SELECT 1 FROM account WHERE host_id = %s AND email = %s"


@dataclass(frozen=True)
class SignUp:
    """What somebody hands in. `recovery_key` is a did:key that ranks above the host's own; `did` is
    the DID of somebody who moves in, proven before any row is written; empty for all others."""

    handle: str
    email: str | None
    password: str | None
    recovery_key: str | None = None
    invite_code: str | None = None
    did: str = ""
    verification_code: str | None = None  # accounts.signup.captcha
    address: str = ""  # the client's IP address
    language: str | None = None  # the reader's, where a page told it; None: the host's own
    is_vouched_for: bool = False  # by the tenant's OpenID provider, which admits its people


@dataclass(frozen=True)
class Admitted:
    """A sign-up that kept the rules, in normal form. The last two may be empty."""

    handle: str
    email: str
    password: str
    recovery_key: str
    invite_code: str = ""


class RecoveryKeyRefused(InvalidRequest):
    """400: not a did:key of a curve that did:plc knows."""

    field = "recovery_key"
    message = "The recovery key must be a did:key of k256 or p256."
    page_text = _("Enter a public key in the form did:key:z…")


def check(host: Host, wanted: SignUp) -> Admitted:
    """A sign-up in its normal form. Uniqueness is looked at by `check_free`, and held by Postgres.

    Raises the errors of this module and of `allocation.check_new`.
    """
    email = checked_email(wanted.email)
    password = checked_password(wanted.password)
    handle = _checked_handle(host, wanted)
    refuse_guessable(password, handle, email)
    recovery_key = checked_recovery_key(wanted.recovery_key or "")
    invite_code = (wanted.invite_code or "").strip().lower()
    return Admitted(handle, email, password, recovery_key, invite_code)


def _checked_handle(host: Host, wanted: SignUp) -> str:
    """People who move in may bring a handle of their own domain."""
    if wanted.did:
        return incoming_handles.check(host, wanted.did, wanted.handle)
    return allocation.check_new(host, wanted.handle)


def check_free(host: Host, wanted: Admitted) -> None:
    """Spare the work of a sign-up that is bound to fail. Raises `HandleTaken`, `EmailTaken`."""
    if allocation.is_taken(wanted.handle):
        raise HandleTaken(wanted.handle)
    if connection.row(_EMAIL, (host.pk, wanted.email)):
        raise EmailTaken(wanted.email)


def checked_recovery_key(recovery_key: str) -> str:
    """The did:key, or nothing when none was given. Raises `RecoveryKeyRefused`."""
    try:
        return PublicKey.from_did_key(recovery_key).did_key if recovery_key else ""
    except ValueError:
        raise RecoveryKeyRefused from None
