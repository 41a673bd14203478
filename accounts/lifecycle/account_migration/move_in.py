"""Inbound migration: an account for a DID that exists already and lives elsewhere.

Source: com.atproto.server.createAccount with `did` (protocol: migration). Whoever calls has proven
the DID by a service token. The account begins deactivated and says nothing on the firehose; its
owner brings repo and blobs, points the DID here and activates it (accounts.lifecycle.activation).
One that does not arrive within three days is removed, as any account whose `delete_after` has come.
"""

from datetime import timedelta
from typing import Final

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import status
from accounts.authentication import credential_rules, email_address
from accounts.authentication.credential_rules import EmailTaken
from accounts.identity import external_handles, published_dids, resolution
from accounts.identity.handles import allocation
from accounts.identity.handles.allocation import HandleTaken
from accounts.identity.keys import reserved_keys
from accounts.invites import codes
from accounts.models import (
    Account,
    AccountMigration,
    AppPassword,
    DelegatedDeed,
    Delegation,
    DeletionReminder,
    EmailToken,
    FactorAttempts,
    KnownPlace,
    OAuthConsent,
    OpenIdIdentity,
    Passkey,
    Preference,
    RecoveryCode,
    RecoveryKey,
    SecurityChange,
    SignIn,
    Totp,
    TrustedBrowser,
)
from accounts.signals import account_migration_begun, account_reopened, signing_key_changed
from accounts.signup import policy, rules
from accounts.signup.account_quota import check_room
from accounts.signup.rules import Admitted, SignUp
from hosting.models import Host
from protocol.did.did_document import DidDocument
from protocol.errors import InvalidRequest, XrpcError

MOVE_IN_WITHIN = timedelta(days=3)  # the reference's deadline
# What tells of the person who had the account before, or lets them in; beside their sessions.
PRIVATE: Final = (
    AppPassword,
    DelegatedDeed,
    Delegation,
    DeletionReminder,
    EmailToken,
    FactorAttempts,
    KnownPlace,
    OAuthConsent,
    OpenIdIdentity,
    Passkey,
    Preference,
    RecoveryCode,
    RecoveryKey,
    SecurityChange,
    SignIn,
    Totp,
    TrustedBrowser,
)


class AlreadyHosted(XrpcError):
    """400: this host has an account for the DID already."""

    name = "AlreadyExists"
    message = "Repo already exists"


class UnresolvableDid(InvalidRequest):
    """400: nobody has the DID, or its owner ended it."""

    name = "UnresolvableDid"


class IncompatibleDidDoc(InvalidRequest):
    """400: a DID of a method that no PDS can host, or without a document."""

    name = "IncompatibleDidDoc"


def check_before_proof(host: Host, wanted: SignUp) -> None:
    """The host's own rules for `wanted.did`, which nothing has proven yet: asks no server that the
    client names. Raises the errors of `policy` and of `rules.check`, but for those
    about the handle."""
    credential_rules.checked_email(wanted.email)
    credential_rules.checked_password(wanted.password)
    rules.checked_recovery_key(wanted.recovery_key or "")
    if Account.objects.of(host).filter(did=wanted.did).exists():  # on the way back, or here already
        policy.check_open(host, wanted)
    else:
        policy.check_before_proof(host, wanted)


def move_in(host: Host, wanted: SignUp) -> Account:
    """The deactivated account of a DID (`wanted.did`, proven) that is on its way here.

    Asks the network: call it outside of any transaction. Raises AlreadyHosted, UnresolvableDid,
    IncompatibleDidDoc, NetworkUnavailable, OwnerHasLeft, the errors of `policy` and
    `rules.check`, HandleTaken and EmailTaken.
    """
    policy.check_open(host, wanted)
    before = Account.objects.of(host).filter(did=wanted.did)
    document = resolve(wanted.did, fresh=before.exists())
    left = before.select_related("host").first()
    if left is not None and not has_moved_away(left, document):
        raise AlreadyHosted
    admitted = rules.check(host, wanted)
    _check_free(host, wanted.did, admitted)
    if left is None:
        policy.admit(host, wanted, admitted)
    password = make_password(admitted.password)
    try:
        with transaction.atomic(durable=True):
            account = _opened(host, wanted.did, admitted, password)
            _note_migration(account, document)
            account.did_document = published_dids.kept(document)
            account.save(update_fields=["did_document"])
    except IntegrityError as error:
        raise _lost_race(error, admitted) from error
    account = Account.objects.select_related("host").get(pk=account.pk)
    email_address.welcome(account, wanted.language)
    return account


def resolve(did: str, *, fresh: bool = False) -> DidDocument:
    """The document of a DID that wants to live here. Raises UnresolvableDid, IncompatibleDidDoc,
    NetworkUnavailable."""
    try:
        return resolution.resolve_did(did, fresh=fresh)
    except resolution.DidUnusable as fault:
        raise IncompatibleDidDoc(fault.message) from fault
    except resolution.UnresolvedDid as fault:
        raise UnresolvableDid(fault.message) from fault


def has_moved_away(account: Account, document: DidDocument) -> bool:
    """Whether an account lived here until its owner left: it rests, and its DID lives elsewhere.

    One that is still on its way in has never lived here.
    """
    is_left = account.status == Account.Status.DEACTIVATED
    is_elsewhere = document.pds is not None and not published_dids.names(account, document.pds)
    return is_left and is_elsewhere and not is_moving_in(account)


def is_moving_in(account: Account) -> bool:
    """Whether the account moves in and nobody has heard of it here yet."""
    return AccountMigration.objects.pending().filter(account=account).exists()


def finish(account: Account) -> bool:
    """Note, in the caller's transaction, that the account has arrived; whether it just did."""
    now = timezone.now()
    AccountMigration.objects.before_did_update().filter(account=account).update(did_updated_at=now)
    return AccountMigration.objects.pending().filter(account=account).update(activated_at=now) == 1


def _check_free(host: Host, did: str, wanted: Admitted) -> None:
    """While somebody moves between two hosts of ours, both accounts may have the same handle."""
    others = Account.objects.exclude(did=did)
    if others.filter(handle=wanted.handle).exists() or allocation.is_kept(wanted.handle, did):
        raise HandleTaken(wanted.handle)
    if others.of(host).filter(email=wanted.email).exists():
        raise EmailTaken(wanted.email)


def _opened(host: Host, did: str, wanted: Admitted, password: str) -> Account:
    """The account's row: a new one, or the one that its owner left behind here."""
    allocation.lock(wanted.handle)
    _check_free(host, did, wanted)
    left = Account.objects.select_for_update().of(host).filter(did=did).first()
    return _new(host, did, wanted, password) if left is None else _reopened(left, wanted, password)


def _new(host: Host, did: str, wanted: Admitted, password: str) -> Account:
    check_room(host)
    now = timezone.now()
    account = Account.objects.create(
        host=host,
        did=did,
        handle=wanted.handle,
        email=wanted.email,
        password=password,
        signing_did_key=reserved_keys.take(host, did),
        opened_at=now,
        deactivated_at=now,
        delete_after=now + MOVE_IN_WITHIN,
    )
    if host.has_invites_required and wanted.invite_code:
        codes.spend(host, wanted.invite_code, did)
    external_handles.track(account)
    account.refresh_from_db(fields=["status"])  # Postgres derives it
    account_migration_begun.send(sender=Account, account=account)
    return account


def _reopened(account: Account, wanted: Admitted, password: str) -> Account:
    """Its repo and blobs are still here and spare the owner their transport. Whatever else was
    private to the account goes: the DID is proven, the person is not."""
    if is_moving_in(account) or account.status != Account.Status.DEACTIVATED:
        raise AlreadyHosted
    status.refuse_left(account)  # who is frozen does not come back this way
    status.end_sessions(account)
    for private in PRIVATE:
        private.objects.filter(account=account).delete()
    account.handle, account.email, account.password = wanted.handle, wanted.email, password
    account.email_confirmed_at = account.delete_after = account.moved_away_at = None
    account.email_replaced_at = None
    account.has_email_auth_factor = account.is_oauth_only = False
    account.signing_did_key = reserved_keys.take(account.host, account.did)
    account.save()
    external_handles.track(account)
    account_reopened.send(sender=Account, account=account)
    signing_key_changed.send(sender=Account, account=account)
    return account


def _note_migration(account: Account, document: DidDocument) -> None:
    came_from = document.pds if document.pds != account.host.origin else ""
    AccountMigration.objects.update_or_create(
        account=account,
        defaults={
            "moved_from": came_from or "",
            "created_at": timezone.now(),
            "looked_at": None,
            "did_updated_at": None,
            "activated_at": None,
        },
    )


def _lost_race(error: IntegrityError, wanted: Admitted) -> Exception:
    """What the loser of a race is told; any other broken constraint stays what it is."""
    constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    refusals = {
        "account_did_is_unique": AlreadyHosted(),
        "account_handle_is_unique": HandleTaken(wanted.handle),
        "account_email_is_unique_a_host": EmailTaken(wanted.email),
    }
    return refusals.get(constraint or "", error)
