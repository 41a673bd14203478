"""Passkeys: WebAuthn credentials, beside the password or in its place.

A passkey is made for the name of one host and is nothing at another. Without a password it counts
only with user verification (a PIN, a finger) and when it brings the account's DID along, which fits
into 64 bytes for all but long did:webs. A key that cannot be synced counts its signatures; when
that counter stands still, somebody copied the key, and it ends.
"""

import hashlib
from typing import Final

import webauthn
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.authentication.credentials import InvalidLogin
from accounts.authentication.factors import alerts, ceremonies, challenges
from accounts.authentication.factors.alerts import Event
from accounts.authentication.factors.ceremonies import NotAccepted, Response
from accounts.authentication.factors.challenges import Purpose
from accounts.authentication.factors.holders import Holder
from accounts.models import Account, Passkey
from hosting.models import Host
from protocol.errors import InvalidRequest

MOST_A_HOLDER: Final = 20
NAME_MAX_CHARACTERS: Final = 100
_TIMEOUT_MS: Final = int(challenges.LIVES.total_seconds() * 1_000)


class PasskeyRefused(InvalidLogin):
    """401: not one of theirs, or not for this host, page or moment."""

    message = "The passkey was not accepted"
    page_text = _("This passkey was not accepted. Try again, or use another way.")


class PasskeyMayBeCopied(PasskeyRefused):
    """401: the counter of a key that cannot be copied did not move."""

    message = "The passkey seems to have been copied"
    page_text = _(
        "This passkey seems to have been copied and does not work any more. Use another way, and"
        " remove it from your account."
    )


class PasskeyNotAdded(InvalidRequest):
    """400: not what we asked a browser to make, or known already."""

    message = "The passkey could not be added"
    page_text = _("The passkey could not be added. Try again.")


class TooManyPasskeys(InvalidRequest):
    """400: one has to be removed first."""

    message = f"At most {MOST_A_HOLDER} passkeys"
    page_text = _("You have 20 passkeys already. Remove one first.")


class PasskeyNameUnfit(InvalidRequest):
    """400: empty, too long, or not a text that can be stored."""

    field = "name"
    message = f"Passkey names must have 1 to {NAME_MAX_CHARACTERS} characters"
    page_text = _("Enter a name of 1 to 100 characters.")


def options_to_add(holder: Holder) -> str:
    """What `navigator.credentials.create()` is to be given, as JSON."""
    may_be_alone = bool(holder.user_handle)
    resident = ResidentKeyRequirement.PREFERRED
    options = webauthn.generate_registration_options(
        rp_id=holder.host.hostname,
        rp_name=holder.host.tenant.name,
        user_id=holder.user_handle or hashlib.sha256(holder.key.encode()).digest(),
        user_name=holder.name,
        challenge=challenges.new(holder.host, Purpose.ADD, holder),
        timeout=_TIMEOUT_MS,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=resident if may_be_alone else ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_descriptors(holder),
        supported_pub_key_algs=ceremonies.ALGORITHMS,
    )
    return webauthn.options_to_json(options)


def options_to_show(host: Host, purpose: Purpose, holder: Holder | None = None) -> str:
    """What `navigator.credentials.get()` is to be given, as JSON. Without a holder the browser
    offers what it has for this host, and the key has to know its user."""
    required = UserVerificationRequirement.REQUIRED
    options = webauthn.generate_authentication_options(
        rp_id=host.hostname,
        challenge=challenges.new(host, purpose, holder),
        timeout=_TIMEOUT_MS,
        allow_credentials=_descriptors(holder) if holder else [],
        user_verification=UserVerificationRequirement.PREFERRED if holder else required,
    )
    return webauthn.options_to_json(options)


def add(holder: Holder, response: str, name: str) -> Passkey:
    """Keep what a browser made, in the caller's transaction, which holds the holder's lock. Raises
    PasskeyNotAdded, TooManyPasskeys, PasskeyNameUnfit."""
    name = checked_name(name)
    if Passkey.objects.filter(**holder.owned).count() >= MOST_A_HOLDER:
        raise TooManyPasskeys
    try:
        given = ceremonies.read(response)
        if not challenges.is_ours(holder.host, Purpose.ADD, holder, given.challenge):
            raise PasskeyNotAdded
        made = ceremonies.registered(holder.host, given)
        passkey = Passkey(
            **holder.owned,
            host=holder.host,
            name=name,
            credential_id=made.credential_id,
            credential_sha256=hashlib.sha256(made.credential_id).hexdigest(),
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            is_syncable=ceremonies.is_syncable(made),
            transports=given.transports,
        )
        with transaction.atomic():
            passkey.save(force_insert=True)
    except (NotAccepted, IntegrityError):
        raise PasskeyNotAdded from None
    if not challenges.claim(given.challenge):
        raise PasskeyNotAdded
    return passkey


def sign_in(host: Host, response: str) -> Account:
    """Whose passkey signed, without a name or a password. Raises PasskeyRefused."""
    given = _read(response)
    passkey = _known(host, given).first()
    if passkey is None or passkey.account_id is None:
        raise PasskeyRefused
    accounts = Account.objects.of(host).open().select_related("host__tenant")
    account = accounts.filter(pk=passkey.account_id).first()
    if account is None or given.user_handle != account.did.encode():
        raise PasskeyRefused
    _check(host, given, passkey, Purpose.SIGN_IN, None)
    return account


def show(holder: Holder, response: str, purpose: Purpose) -> None:
    """One of the holder's passkeys signed for this. Raises PasskeyRefused."""
    given = _read(response)
    passkey = _known(holder.host, given).filter(**holder.owned).first()
    if passkey is None:
        raise PasskeyRefused
    _check(holder.host, given, passkey, purpose, holder)


def of_holder(holder: Holder) -> list[Passkey]:
    """Their passkeys for this host, the oldest first."""
    rows = Passkey.objects.filter(**holder.owned, host=holder.host)
    return list(rows.order_by("created_at", "pk"))


def usable(holder: Holder) -> bool:
    """Whether a passkey of theirs can sign here."""
    rows = Passkey.objects.filter(**holder.owned, host=holder.host, flagged_at__isnull=True)
    return rows.exists()


def checked_name(name: str) -> str:
    """What a passkey is called. Raises PasskeyNameUnfit."""
    name = name.strip()
    if not 1 <= len(name) <= NAME_MAX_CHARACTERS or "\0" in name:
        raise PasskeyNameUnfit
    return name


def _check(
    host: Host, given: Response, passkey: Passkey, purpose: Purpose, holder: Holder | None
) -> None:
    if not challenges.is_ours(host, purpose, holder, given.challenge):
        raise PasskeyRefused
    try:
        key = bytes(passkey.public_key)
        shown = ceremonies.shown(host, given, key, needs_verification=holder is None)
    except NotAccepted:
        raise PasskeyRefused from None
    is_changed = ceremonies.is_syncable(shown) != passkey.is_syncable
    if is_changed or not challenges.claim(given.challenge):
        raise PasskeyRefused
    _count(host, passkey, shown)


def _count(host: Host, passkey: Passkey, shown: VerifiedAuthentication) -> None:
    """Keep the counter; the passkey ends when it tells of a copy, and its owner hears of it."""
    with transaction.atomic():
        row = Passkey.objects.select_for_update(no_key=True).filter(pk=passkey.pk).first()
        if row is None:
            raise PasskeyRefused  # removed in this very moment
        if row.flagged_at is None and _is_copied(row, shown.new_sign_count):
            row.flagged_at = timezone.now()
            alerts.send(Holder(host, row.account, row.staff), Event.COPIED, row.name)
        elif row.flagged_at is None:
            row.sign_count, row.last_used_at = shown.new_sign_count, timezone.now()
        row.save(update_fields=["sign_count", "last_used_at", "flagged_at"])
    if row.flagged_at is not None:
        raise PasskeyMayBeCopied


def _is_copied(row: Passkey, sign_count: int) -> bool:
    is_counting = row.sign_count > 0 or sign_count > 0
    return is_counting and sign_count <= row.sign_count and not row.is_syncable


def _read(response: str) -> Response:
    try:
        return ceremonies.read(response)
    except NotAccepted:
        raise PasskeyRefused from None


def _known(host: Host, given: Response) -> "models.QuerySet[Passkey]":
    digest = hashlib.sha256(given.credential_id).hexdigest()
    return Passkey.objects.filter(host=host, credential_sha256=digest)


def _descriptors(holder: Holder) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=bytes(each.credential_id),
            transports=[AuthenticatorTransport(name) for name in each.transports],
        )
        for each in of_holder(holder)
        if each.flagged_at is None
    ]
