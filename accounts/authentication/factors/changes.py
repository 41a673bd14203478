"""Changes of somebody's factors: added, named, removed, reset.

Each is one transaction under the holder's lock, is told by mail, and ends the trust in every
browser. The first strong factor brings ten recovery codes along, the last one takes them away.
Whether they are the one who asks was looked at before (a fresh proof).
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts.authentication import email_address
from accounts.authentication.factors import (
    alerts,
    passkeys,
    recovery_codes,
    totp,
    trusted_browsers,
)
from accounts.authentication.factors.alerts import Event
from accounts.authentication.factors.holders import Holder
from accounts.authentication.factors.typed_codes import WrongCode
from accounts.models import Passkey, Totp
from accounts.status import lock_open
from protocol.errors import InvalidRequest


class NoSuchPasskey(InvalidRequest):
    """400: not theirs, or gone."""

    message = "No such passkey"


def add_app(holder: Holder, started: str, code: str) -> list[str]:
    """Take an authenticator app that shows its first right code, in place of one they had. The
    recovery codes that come with a first factor, else nothing.

    Raises WrongCode, also for a set-up that was begun too long ago.
    """
    secret = totp.started(holder, started)
    step = None if secret is None else totp.matching_step(secret, code)
    if secret is None or step is None:
        raise WrongCode
    with transaction.atomic():
        holder.lock()
        is_first = not holder.has_strong()
        undo = {"before": totp.keep(holder, secret, step)}
        return _changed(holder, Event.APP_ADDED, is_first=is_first, undo=undo)


def remove_app(holder: Holder) -> None:
    """Forget the authenticator app; harmless when there is none."""
    with transaction.atomic():
        holder.lock()
        if Totp.objects.filter(**holder.owned).delete()[0]:
            _changed(holder, Event.APP_REMOVED)


def add_passkey(holder: Holder, response: str, name: str) -> list[str]:
    """Take a passkey that a browser made. The recovery codes that come with a first factor, else
    nothing. Raises as `passkeys.add`."""
    with transaction.atomic():
        holder.lock()
        is_first = not holder.has_strong()
        passkey = passkeys.add(holder, response, name)
        undo = {"passkey": passkey.pk}
        return _changed(holder, Event.PASSKEY_ADDED, passkey.name, is_first=is_first, undo=undo)


def rename_passkey(holder: Holder, passkey_id: int, name: str) -> None:
    """Call it something else. Raises NoSuchPasskey, PasskeyNameUnfit."""
    name = passkeys.checked_name(name)
    if not Passkey.objects.filter(**holder.owned, pk=passkey_id).update(name=name):
        raise NoSuchPasskey


def remove_passkey(holder: Holder, passkey_id: int) -> None:
    """Forget a passkey, of whichever host's name. Raises NoSuchPasskey."""
    with transaction.atomic():
        holder.lock()
        passkey = Passkey.objects.filter(**holder.owned, pk=passkey_id).first()
        if passkey is None:
            raise NoSuchPasskey
        passkey.delete()
        _changed(holder, Event.PASSKEY_REMOVED, passkey.name)


def replace_recovery_codes(holder: Holder) -> list[str]:
    """Ten new ones; none for who has no strong factor."""
    with transaction.atomic():
        holder.lock()
        if not holder.has_strong():
            return []
        return _changed(holder, Event.CODES_REPLACED, is_first=True)


def switch_mail(holder: Holder, *, is_on: bool) -> None:
    """Codes by e-mail, or none. Raises FactorNeedsConfirmedEmail, FactorNeedsOlderEmail."""
    account = holder.account
    if account is None:
        return
    with transaction.atomic():
        locked = lock_open(account)
        if is_on:
            email_address.check_can_be_factor(locked)
        locked.has_email_auth_factor = is_on
        locked.save(update_fields=["has_email_auth_factor"])
        _changed(holder, Event.MAIL_ON if is_on else Event.MAIL_OFF)


def reset(holder: Holder) -> None:
    """Remove every factor but the password, for somebody who lost them all; staff decide."""
    with transaction.atomic():
        holder.lock()
        holder.forget_all()
        if holder.account is not None:
            holder.account.has_email_auth_factor = False
            holder.account.save(update_fields=["has_email_auth_factor"])
        _changed(holder, Event.RESET)


def _changed(
    holder: Holder,
    event: Event,
    detail: str = "",
    *,
    is_first: bool = False,
    undo: Mapping[str, Any] | None = None,
) -> list[str]:
    codes = recovery_codes.replace(holder) if is_first else []
    holder.forget_leftovers()
    if holder.account is not None:
        trusted_browsers.end_all(holder.account)
    alerts.send(holder, event, detail, undo)
    return codes
