"""Changes of an account's security: written down, told to its owner, and taken back.

Whoever changes what keeps an account its owner's calls `note` inside the transaction of the change:
a row in the account's log and an e-mail, to the address that the account had before where the
change is about that. An e-mail about a kind that has an `undo` brings a link by which its reader
takes the change back, without signing in, for UNDO_LASTS. A package that has changes of its own
makes a `Kind` of each:

    PASSKEY_ADDED = security_changes.kind("passkey_added", _("Passkey added"))

Kinds have a budget of e-mails each, so that nobody hides a change behind many of another kind.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import status
from accounts.authentication.sign_in_alerts import place_of
from accounts.models import Account, SecurityChange
from hosting.mail import outbox
from hosting.mail.emails import EmailKind
from hosting.models import Host
from protocol.errors import XrpcError
from server.database import model_rows
from server.encryption.digests import sha256

UNDO_LASTS: Final = timedelta(hours=72)
KEPT_FOR: Final = timedelta(days=180)
KEPT_MAX: Final = 100  # an account; what can still be taken back is kept beside
UNDO_PATH: Final = "/account/undo/"  # accounts.pages.centre
Undo = Callable[[Account, Mapping[str, Any]], None]


class CannotUndo(XrpcError):
    """400: the link is not ours, too old, or was used."""

    name = "InvalidToken"
    message = "The change cannot be taken back with this link"
    page_text = _("This link has been used already, or is too old.")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of change. `title` names it to its owner. `undo` takes it back: called with the
    locked account and what was noted, in a transaction. `is_of_mailbox`: links that were sent after
    it went to a mailbox that is the owner's no more once it is taken back, and end with it."""

    name: str
    title: str | Promise
    undo: Undo | None
    email: EmailKind
    is_of_mailbox: bool = False


KINDS: Final[dict[str, Kind]] = {}


def kind(
    name: str,
    title: str | Promise,
    undo: Undo | None = None,
    email: EmailKind | None = None,
    *,
    is_of_mailbox: bool = False,
) -> Kind:
    """A kind of change, to be noted by it; once for each name (30 characters at the most). `email`:
    what tells of it, if not the one that all share."""
    own = email or EmailKind(f"change_{name}", title, template="security_change")
    made = Kind(name, title, undo, own, is_of_mailbox)
    if name in KINDS:
        raise ValueError(f"There is a kind of change {name} already")
    KINDS[name] = made
    return made


PASSWORD_CHANGED: Final = kind("password_changed", _("Password changed"))
APP_PASSWORD_ADDED: Final = kind("app_password_added", _("App password added"))
APP_PASSWORD_REVOKED: Final = kind("app_password_revoked", _("App password revoked"))
APP_DISCONNECTED: Final = kind("app_disconnected", _("App disconnected"))
SIGNED_OUT: Final = kind("signed_out", _("Other devices signed out"))
OAUTH_ONLY_ON: Final = kind("oauth_only_on", _("Apps sign in by OAuth only"))
OAUTH_ONLY_OFF: Final = kind("oauth_only_off", _("Apps may sign in with a password again"))
HANDLE_CHANGED: Final = kind("handle_changed", _("Handle changed"))


def note(  # noqa: PLR0913 - a change has these
    account: Account,
    changed: Kind,
    *,
    detail: str = "",
    address: str = "",
    recipient: str = "",
    undo: Mapping[str, Any] | None = None,
) -> SecurityChange:
    """Write a change down and tell the owner, in the caller's transaction, which holds the account.

    `detail` says which one (a name, an address), `address` is the IP address it came from where
    that is known, `recipient` the mailbox if not the account's own. `undo` is what the kind's
    `undo` will need, JSON; None: this one cannot be taken back.
    """
    now = timezone.now()
    place = place_of(address) if address else ""
    token = secrets.token_urlsafe(32) if undo is not None and changed.undo else ""
    context = {
        "handle": account.handle or account.did,
        "title": changed.title,
        "detail": detail,
        "place": place,
        "at": now,
        "undo_url": f"{account.host.origin}{UNDO_PATH}{token}" if token else "",
    }
    mail = outbox.post(
        account.host,
        recipient or account.email,
        changed.email,
        context,
        language=account.language,
    )
    change = SecurityChange(
        account=account, kind=changed.name, detail=detail[:320], place=place, at=now
    )
    if token and mail is not None:  # a link that nobody was sent takes nothing back
        change.undo, change.undo_sha256 = dict(undo or {}), sha256(token)
        change.undo_until = now + UNDO_LASTS
    model_rows.insert(change)
    _trim(account)
    return change


def of_account(account: Account, most: int = 20) -> list[SecurityChange]:
    """The newest changes of an account, the latest first."""
    return list(SecurityChange.objects.filter(account=account).order_by("-at", "-pk")[:most])


def last_of(account: Account, *kinds: Kind) -> datetime | None:
    """When the account saw the last change of these kinds."""
    names = [each.name for each in kinds]
    rows = SecurityChange.objects.filter(account=account, kind__in=names)
    return rows.order_by("-at").values_list("at", flat=True).first()


def title_of(change: SecurityChange) -> str:
    """What the change was, in words."""
    known = KINDS.get(change.kind)
    return str(known.title) if known else change.kind


def undoable(host: Host, token: str) -> SecurityChange:
    """The change that a link takes back. Raises CannotUndo."""
    live = SecurityChange.objects.select_related("account__host").filter(
        account__host=host,
        undo_sha256=sha256(token),
        undone_at=None,
        undo_until__gt=timezone.now(),
    )
    change = live.first()
    if change is None or change.kind not in KINDS:
        raise CannotUndo
    return change


def take_back(host: Host, token: str) -> SecurityChange:
    """Take a change back, once, and sign everybody out: whoever made it is among them. Raises
    CannotUndo, and whatever the kind's undo refuses."""
    change = undoable(host, token)
    known, now = KINDS[change.kind], timezone.now()
    with transaction.atomic():
        locked = status.lock_open(change.account)
        changes = SecurityChange.objects.filter(account=locked)
        live = changes.filter(pk=change.pk, undone_at=None, undo_until__gt=now)
        if known.undo is None or not live.update(undone_at=now):
            raise CannotUndo  # in this very moment
        if known.is_of_mailbox:
            changes.filter(pk__gt=change.pk, undo_until__gt=now).update(undo_until=now)
        known.undo(locked, change.undo)
        status.end_sessions(locked)
    return change


def forget_old() -> None:
    """The sweep: changes of long ago."""
    old = SecurityChange.objects.filter(at__lt=timezone.now() - KEPT_FOR)
    old.filter(account__held_at=None).delete()


def _trim(account: Account) -> None:
    if account.held_at is not None:
        return  # nobody pushes out what is under a legal hold
    rows = SecurityChange.objects.filter(account=account).order_by("-at", "-pk")
    surplus = list(rows.values_list("pk", flat=True)[KEPT_MAX : 2 * KEPT_MAX])
    if surplus:
        old = SecurityChange.objects.filter(pk__in=surplus)
        old.exclude(undone_at=None, undo_until__gt=timezone.now()).delete()
