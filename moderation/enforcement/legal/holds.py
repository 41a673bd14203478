"""Legal holds: all of an account is kept, whoever deletes what, until two people release it.

While a hold stands, no sweep and no deletion removes the repo, its blobs, its archive, rows of
mail, sign-ins and sessions (accounts.models.Account.held_at, repos.lifecycle.repo_holds,
hosting.mail.outbox.hold), and its owner changes neither records nor files nor handle nor address
(accounts.status.AccountFrozen). The owner is not told why, and can delete the account: everybody
sees it deleted, and what is left waits here, sealed. An export of evidence is made when the hold is
placed.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import orjson
from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import status
from accounts.lifecycle import staff_overrides
from accounts.models import Account
from accounts.signals import account_deleted
from hosting.mail import outbox
from hosting.models import HostQuerySet
from moderation import audit, permissions
from moderation.audit import Actor
from moderation.enforcement.legal import evidence_exports
from moderation.models import AuditEntry, HeldFile, LegalHold
from moderation.permissions import Deed, NotAllowed
from protocol.errors import InvalidRequest
from repos.account_transfer.archives import private_data
from repos.account_transfer.archives import requests as archives
from repos.account_transfer.archives.private_data import Rows
from repos.lifecycle import deletion, repo_holds

Action = AuditEntry.Action
ROWS_MAX: Final = 20_000  # of one file; further ones follow


class AlreadyHeld(InvalidRequest):
    """400: there is a hold on this account."""

    message = "There is a legal hold on this account"
    page_text = _("There is a legal hold on this account already.")


class NotHeld(InvalidRequest):
    """400: the hold was released, or nobody has asked for that yet."""

    message = "There is no such legal hold, or nobody asked to release it"
    page_text = _("First somebody has to ask for the release of this hold.")


class SomebodyElseReleases(NotAllowed):
    """403: whoever asked for the release does not grant it."""

    message = "Somebody else has to release this hold"
    page_text = _("You asked for the release. Somebody else has to grant it.")


def place(actor: Actor, account: Account, reason: str) -> LegalHold:
    """Keep all of an account, and have its evidence exported. Raises NotAllowed, ReasonNeeded,
    AlreadyHeld, AccountNotFound."""
    reason = permissions.checked(actor, Deed.HOLD, account.host.tenant_id, reason)
    with transaction.atomic():
        locked = status.lock_open(account)
        if LegalHold.objects.open().filter(repo_id=locked.pk).exists():
            raise AlreadyHeld
        entry = audit.record(actor, locked, Action.HOLD_PLACE, reason)
        hold = LegalHold.objects.create(
            host=account.host,
            repo_id=locked.pk,
            did=locked.did,
            handle=locked.handle or "",
            email=locked.email,
            reason=reason,
            placed=entry,
        )
        staff_overrides.set_hold(locked, is_held=True)
        repo_holds.place(locked.pk, locked.host_id, locked.did)
        outbox.hold(account.host, locked.email)
        archives.keep(locked.pk)
        evidence_exports.begin(hold.host, hold.repo_id, hold.did, entry, hold)
    return hold


def ask_release(actor: Actor, hold: LegalHold, reason: str) -> AuditEntry:
    """Ask for the release of a hold; somebody else has to grant it. Raises NotAllowed,
    ReasonNeeded, NotHeld."""
    reason = permissions.checked(actor, Deed.HOLD_RELEASE, hold.host.tenant_id, reason)
    with transaction.atomic():
        locked = _locked(hold)
        entry = _record(actor, locked, Action.HOLD_ASK_RELEASE, reason)
        locked.asked = entry
        locked.save(update_fields=["asked"])
    return entry


def release(actor: Actor, hold: LegalHold, reason: str) -> AuditEntry:
    """Release a hold, as somebody else than who asked for that. Deletions that it stopped go on.

    Raises NotAllowed, ReasonNeeded, NotHeld, SomebodyElseReleases.
    """
    reason = permissions.checked(actor, Deed.HOLD_RELEASE, hold.host.tenant_id, reason)
    with transaction.atomic():
        locked = _locked(hold)
        if locked.asked is None:
            raise NotHeld
        if actor in (locked.asked.staff, locked.asked.actor or None):
            raise SomebodyElseReleases
        entry = _record(actor, locked, Action.HOLD_RELEASE, reason)
        locked.released_at = timezone.now()
        locked.save(update_fields=["released_at"])
        _let_go(locked)
    return entry


def at(hosts: HostQuerySet) -> list[LegalHold]:
    """The holds of these hosts that stand, newest first."""
    found = LegalHold.objects.at(hosts).open().order_by("-pk")
    return list(found.select_related("host", "placed__staff", "asked__staff")[:500])


@receiver(account_deleted, dispatch_uid="moderation.enforcement.legal.holds")
def seal(account: Account, **_: Any) -> None:
    """A held account goes: keep its private rows, in the sender's transaction."""
    hold = LegalHold.objects.open().filter(repo_id=account.pk).first()
    if hold is None:
        return
    for name, rows in private_data.of_account(account).items():
        for number, some in enumerate(_parts(rows)):
            part = name if number == 0 else f"{number + 1}-{name}"
            HeldFile.objects.update_or_create(
                hold=hold, name=part, defaults={"data": orjson.dumps(some, default=str)}
            )
    hold.deleted_at = timezone.now()
    hold.save(update_fields=["deleted_at"])


def _parts(rows: Rows) -> Iterator[list[dict[str, Any]]]:
    """All rows, in lists of ROWS_MAX; one that is empty for none."""
    all_of_them = iter(rows)
    part = [dict(each) for each in islice(all_of_them, ROWS_MAX)]
    yield part
    while part := [dict(each) for each in islice(all_of_them, ROWS_MAX)]:
        yield part


def _let_go(hold: LegalHold) -> None:
    account = Account.objects.filter(pk=hold.repo_id, host=hold.host).first()
    outbox.release(hold.host, hold.email)
    if account is not None:
        staff_overrides.set_hold(status.lock_open(account), is_held=False)
    else:
        outbox.forget(hold.host, hold.email)
    hold.files.all().delete()
    repo_holds.lift(hold.repo_id)
    archives.keep_no_longer(hold.repo_id)
    evidence_exports.expire(hold)
    deletion.resume(hold.repo_id)


def _locked(hold: LegalHold) -> LegalHold:
    rows = LegalHold.objects.open().select_related("host", "asked__staff")
    locked = rows.select_for_update(of=("self",)).filter(pk=hold.pk).first()
    if locked is None:
        raise NotHeld
    return locked


def _record(actor: Actor, hold: LegalHold, action: AuditEntry.Action, reason: str) -> AuditEntry:
    return audit.record_at_host(actor, hold.host, action, reason, hold.handle, did=hold.did)
