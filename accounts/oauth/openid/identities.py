"""Identities at a provider, and the accounts that they open: connected, disconnected, frozen.

Nobody is connected with an account because an address or a name is the same: who connects one has
just proven to be its owner. Whoever the provider says has left is frozen: the account rests,
everybody is signed out, its owner can set a password by mail and move out. Nothing is deleted. It
is as before when the provider vouches for them again.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.hashers import is_password_usable
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from accounts import status
from accounts.authentication import security_changes
from accounts.lifecycle import activation
from accounts.models import Account, OpenIdIdentity, OpenIdProvider, Passkey
from accounts.oauth.openid.people import Person
from accounts.oauth.openid.refusals import AdmittedByIt, IdentityTaken, LastWayIn, NotAMember
from hosting.models import Host
from protocol.errors import XrpcError

NOT_A_MEMBER: Final = "not_a_member"  # why somebody is frozen
NOT_SEEN: Final = "not_seen"
BY_STAFF: Final = "by_staff"
SWEPT_MAX: Final = 200
CONNECTED: Final = security_changes.kind("openid_connected", _("Another way to sign in connected"))
DISCONNECTED: Final = security_changes.kind("openid_disconnected", _("A way to sign in removed"))
FROZEN: Final = security_changes.kind(
    "openid_frozen", _("Account frozen: your organisation does not know you any more")
)


def find(host: Host, provider: OpenIdProvider, subject: str) -> OpenIdIdentity | None:
    """Whose identity it is at this host, if anybody's."""
    found = OpenIdIdentity.objects.filter(host=host, provider=provider, subject=subject)
    return found.select_related("account__host", "provider").first()


def of_account(account: Account) -> OpenIdIdentity | None:
    """The identity that opens an account, if any."""
    return OpenIdIdentity.objects.filter(account=account).select_related("provider").first()


def has_other_way_in(account: Account) -> bool:
    """Whether its owner could sign in without a provider."""
    return is_password_usable(account.password) or Passkey.objects.filter(account=account).exists()


def enter(
    host: Host, provider: OpenIdProvider, person: Person, proved_at: float | None = None
) -> Account | None:
    """The account that somebody opens who was proven then (unix seconds; None: just now); None for
    who has none yet. What was proven before a freeze ends none. Outside of any transaction. Raises
    NotAMember, which freezes the account."""
    identity = find(host, provider, person.subject)
    if not person.is_member:
        if identity is not None:
            freeze(identity, NOT_A_MEMBER)
        raise NotAMember
    if identity is None or identity.account is None:
        return None
    left_at = identity.left_at
    is_news = left_at is None or proved_at is None or proved_at > left_at.timestamp()
    if is_news:
        OpenIdIdentity.objects.filter(pk=identity.pk).update(seen_at=timezone.now())
    if left_at is not None and is_news and identity.left_why != BY_STAFF:
        thaw(identity)
    return Account.objects.select_related("host__tenant").get(pk=identity.account.pk)


def connect(account: Account, provider: OpenIdProvider, person: Person) -> None:
    """Have an identity open an account, whose owner was proven just now. Raises NotAMember,
    IdentityTaken."""
    if not person.is_member:
        raise NotAMember
    now = timezone.now()
    try:
        with transaction.atomic():
            locked = status.lock_open(account)
            waiting = OpenIdIdentity.objects.filter(account=None, host=account.host_id)
            waiting.filter(provider=provider, subject=person.subject).delete()
            fields = {"account": locked, "linked_at": now, "seen_at": now}
            made = OpenIdIdentity(
                provider=provider, host_id=account.host_id, subject=person.subject, **fields
            )
            made.save()
            security_changes.note(locked, CONNECTED, detail=provider.name)
    except IntegrityError:
        raise IdentityTaken from None


def is_admitted_by(identity: OpenIdIdentity) -> bool:
    """Whether there is an account because its provider lets people in, and stays theirs."""
    return bool(identity.handle) and identity.provider.is_admitting


def disconnect(account: Account) -> None:
    """Have no identity open the account any more. Raises LastWayIn; OwnerHasLeft for who is
    frozen: leaving the directory must not undo that; and AdmittedByIt for whom only the provider
    let in: they would stay when they leave, and could have it let them in again."""
    with transaction.atomic():
        locked = status.lock_open(account)
        identity = of_account(locked)
        if identity is None:
            return
        if identity.left_at is not None:
            raise status.OwnerHasLeft
        if is_admitted_by(identity):
            raise AdmittedByIt
        if not has_other_way_in(locked):
            raise LastWayIn
        identity.delete()
        security_changes.note(locked, DISCONNECTED, detail=identity.provider.name)


def freeze(identity: OpenIdIdentity, why: str) -> None:
    """Have the account rest, with everybody signed out; its owner is told. May be repeated."""
    if identity.account is None:
        return
    with transaction.atomic():
        locked = status.lock_open(identity.account)
        was_active = locked.deactivated_at is None
        live = OpenIdIdentity.objects.filter(pk=identity.pk, left_at=None)
        if not live.update(left_at=timezone.now(), left_why=why, was_active=was_active):
            return
        if was_active:
            activation.deactivate(locked, is_noted=False)
        status.end_sessions(locked)
        with translation.override(locked.language or settings.LANGUAGE_CODE):
            security_changes.note(locked, FROZEN, detail=str(_("Move out by %s.")) % _day(identity))


def thaw(identity: OpenIdIdentity) -> None:
    """End it: the account is as it was. Outside of any transaction. One that has moved away
    meanwhile, or whose directory is silent, rests until its owner activates it."""
    OpenIdIdentity.objects.filter(pk=identity.pk).update(
        left_at=None, left_why="", seen_at=timezone.now()
    )
    if identity.was_active and identity.account is not None:
        with suppress(XrpcError):
            activation.activate(identity.account)


def _day(identity: OpenIdIdentity) -> str:
    """The day by which who leaves now should have moved out."""
    return f"{timezone.now() + timedelta(days=identity.provider.move_out_days):%Y-%m-%d}"


def freeze_unseen() -> None:
    """The sweep: whom a provider that is to be heard of every so often has not vouched for."""
    for provider in OpenIdProvider.objects.filter(is_enabled=True, frozen_after_days__gt=0):
        since = timezone.now() - timedelta(days=provider.frozen_after_days or 0)
        unseen = provider.identities.filter(left_at=None, seen_at__lt=since, account__isnull=False)
        for identity in unseen.select_related("account__host__tenant", "provider")[:SWEPT_MAX]:
            with suppress(status.AccountNotFound):  # deleted meanwhile
                freeze(identity, NOT_SEEN)
