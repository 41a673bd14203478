"""What happens to somebody's factors is told to them: every change, and what an attacker would do.

Accounts have it in their log of changes (accounts.authentication.security_changes), and what was
added can be taken back with the link in the e-mail. Staff get an e-mail.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.authentication import security_changes
from accounts.authentication.factors import totp, trusted_browsers
from accounts.authentication.factors.holders import Holder, of_account
from accounts.models import Account, Passkey, Totp
from hosting.mail import outbox
from hosting.mail.emails import FACTOR_ALERT


class Event(models.TextChoices):
    """What happened, in a few words."""

    APP_ADDED = "app_added", _("Authenticator app added")
    APP_REMOVED = "app_removed", _("Authenticator app removed")
    PASSKEY_ADDED = "passkey_added", _("Passkey added")
    PASSKEY_REMOVED = "passkey_removed", _("Passkey removed")
    CODES_REPLACED = "codes_replaced", _("New recovery codes made")
    CODE_USED = "code_used", _("Recovery code used")
    MAIL_ON = "mail_on", _("Codes by e-mail switched on")
    MAIL_OFF = "mail_off", _("Codes by e-mail switched off")
    RESET = "reset", _("All second factors removed by the staff of the host")
    LOCKED = "locked", _("Right password, but five wrong codes")
    COPIED = "copied", _("Passkey blocked, because it seems to have been copied")


def _remove_app(account: Account, noted: Mapping[str, Any]) -> None:
    """The one of before comes back, so that the link in an e-mail never leaves less than was there;
    where there is none at all by now, none does."""
    holder = of_account(account)
    holder.lock()
    was_there = Totp.objects.filter(account=account).delete()[0] > 0
    if was_there and (before := noted.get("before")):
        totp.restore(holder, before)
    holder.forget_leftovers()
    trusted_browsers.end_all(account)


def _remove_passkey(account: Account, noted: Mapping[str, Any]) -> None:
    holder = of_account(account)
    holder.lock()
    Passkey.objects.filter(account=account, pk=noted["passkey"]).delete()
    holder.forget_leftovers()
    trusted_browsers.end_all(account)


_UNDO: Final = {Event.APP_ADDED: _remove_app, Event.PASSKEY_ADDED: _remove_passkey}
_KINDS: Final = {
    event: security_changes.kind(f"factor_{event}", event.label, _UNDO.get(event))
    for event in Event
}


def send(
    holder: Holder, event: Event, detail: str = "", undo: Mapping[str, Any] | None = None
) -> None:
    """Note it and put the e-mail into the outbox, in the caller's transaction; staff without an
    address hear nothing. `detail` is a name, `undo` what taking it back needs."""
    if holder.account is not None:
        security_changes.note(holder.account, _KINDS[event], detail=detail, undo=undo)
    elif holder.staff is not None and holder.staff.email:
        context = {"handle": holder.name, "sentence": event.label}
        outbox.post(holder.host, holder.staff.email, FACTOR_ALERT, context)
