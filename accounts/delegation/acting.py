"""Acting for an account, as its controllers do: who was invited, for whom somebody acts, the end.

A controller is known by the DID that they signed in with; whoever proves a DID is for the callers.
One who signs in with an account of the same host has to be active there: who was taken down, or has
moved away, proves nothing by a password here.
"""

from collections.abc import Collection, Sequence
from typing import Final

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import status
from accounts.authentication import security_changes
from accounts.delegation import roles, undoing
from accounts.models import Account, Delegation
from hosting.models import Host
from protocol.errors import XrpcError

SHOWN_MAX: Final = 100


class NotInvited(XrpcError):
    """404: no such invitation, or not any more."""

    name = "NotFound"
    status = 404
    message = "There is no such invitation"
    page_text = _("This invitation is not there any more.")


class DelegationEnded(XrpcError):
    """401: the controller acts for the account no longer."""

    name = "DelegationEnded"
    status = 401
    message = "You do not act for this account any more"
    page_text = _("You do not act for this account any more.")


def able(people: Collection[Account]) -> list[str]:
    """The DIDs of those signed in who may act for others."""
    return [each.did for each in people if each.is_active]


def of_people(host: Host, dids: Sequence[str]) -> list[Delegation]:
    """For whom these DIDs act at a host, each with its account, by name."""
    if not dids:
        return []
    rows = _of(host, dids).filter(accepted_at__isnull=False, account__taken_down_at__isnull=True)
    return list(rows.order_by("account__handle", "pk")[:SHOWN_MAX])


def find(host: Host, dids: Sequence[str], account_name: str) -> Delegation | None:
    """The one of these people's delegations that is for an account, by its handle or DID."""
    if not dids:
        return None
    named = Q(account__handle=account_name.lower()) | Q(account__did=account_name)
    rows = _of(host, dids).filter(named, accepted_at__isnull=False)
    return rows.filter(account__taken_down_at__isnull=True).first()


def invitations(host: Host, dids: Sequence[str]) -> list[Delegation]:
    """The invitations that wait for an answer, the latest first."""
    rows = _of(host, dids).filter(accepted_at__isnull=True, expires_at__gt=timezone.now())
    return list(rows.order_by("-invited_at", "-pk")[:SHOWN_MAX])


def accept(host: Host, did: str, delegation_id: int) -> None:
    """Act for the account from now on. Raises NotInvited."""
    with transaction.atomic():
        found = _locked(host, did, delegation_id)
        if found.accepted_at is not None:
            return
        if found.expires_at is None or found.expires_at <= timezone.now():
            raise NotInvited
        found.accepted_at, found.expires_at = timezone.now(), None
        found.save(update_fields=["accepted_at", "expires_at"])
        detail, undo = f"{found.name}, {roles.TITLES[found.role]}", {"id": found.pk}
        security_changes.note(found.account, undoing.ACCEPTED, detail=detail, undo=undo)


def leave(host: Host, did: str, delegation_id: int) -> None:
    """Decline an invitation, or act for the account no longer: its sessions end at once. Raises
    NotInvited."""
    with transaction.atomic():
        found = _locked(host, did, delegation_id)
        kind = undoing.LEFT if found.accepted_at is not None else undoing.DECLINED
        security_changes.note(found.account, kind, detail=found.name)
        found.delete()


def locked_for_session(host: Host, delegation_id: int) -> Delegation:
    """A delegation by which a session begins or goes on, in the caller's transaction: account and
    controller are locked, so that whoever ends sessions of either waits, and finds this one. Raises
    DelegationEnded."""
    found = _accepted(host, delegation_id)
    dids = [found.account.did, found.controller_did]
    here = Account.objects.of(host).filter(did__in=dids).select_for_update(no_key=True)
    list(here.order_by("pk"))  # in one order: two may act for each other
    return _accepted(host, delegation_id)


def forget_expired() -> None:
    """The sweep: invitations that nobody accepted in time."""
    Delegation.objects.filter(expires_at__lt=timezone.now()).delete()


def _of(host: Host, dids: Sequence[str]) -> "models.QuerySet[Delegation]":
    rows = Delegation.objects.filter(account__host=host, controller_did__in=dids)
    return rows.filter(account__opened_at__isnull=False).select_related("account__host")


def _accepted(host: Host, delegation_id: int) -> Delegation:
    rows = Delegation.objects.filter(account__host=host, accepted_at__isnull=False)
    found = rows.select_related("account__host").filter(pk=delegation_id).first()
    if found is None:
        raise DelegationEnded
    return found


def _locked(host: Host, did: str, delegation_id: int) -> Delegation:
    """The controller's own row, with its account locked."""
    known = _of(host, [did]).filter(pk=delegation_id).first()
    if known is None:
        raise NotInvited
    account = status.lock_open(known.account)
    found = Delegation.objects.filter(pk=delegation_id, controller_did=did).first()
    if found is None:
        raise NotInvited
    found.account = account
    return found
