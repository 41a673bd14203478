"""Moves between two hosts of this platform, by whoever runs both: no password, no mailed code.

The same steps as any move (copying), with a session that is opened here and an operation that the
old host signs here. Nothing that is written meanwhile is lost: just before the operation is signed
the account rests at its old host, and what it holds there by then must be what came.
"""

import secrets

from django.contrib.auth.hashers import is_password_usable
from django.db import transaction

from accounts import status
from accounts.authentication import sessions
from accounts.identity.plc import control_check, updates
from accounts.lifecycle import activation, deletion
from accounts.lifecycle.account_migration import move_in
from accounts.models import Account, AccountMigration, Totp
from accounts.signup.rules import SignUp
from hosting.models import Host
from protocol.did.plc_data import PDS_SERVICE
from protocol.errors import InvalidRequest, XrpcError
from repos.account_transfer.moves import beginning, copying, identity_change, old_session
from repos.account_transfer.moves.old_host import OldHost
from repos.models import BlobFetch, MoveIn, Repo


class NotMovable(InvalidRequest):
    """400: the account cannot be moved by its host; the message says why."""


def check(source: Account, host: Host) -> None:
    """Whether this account can be moved to that host. Raises NotMovable, AccountFrozen."""
    if source.host_id == host.pk:
        raise NotMovable("The account lives at this host")
    if not source.did.startswith("did:plc:"):
        raise NotMovable("Only its owner can move a did:web: by changing its document")
    if source.status != Account.Status.ACTIVE or move_in.is_moving_in(source):
        raise NotMovable("Only an active account can be moved")
    if not is_password_usable(source.password):
        raise NotMovable("The account has no password to sign in with at another host")
    status.refuse_held(source)


def check_control(source: Account) -> None:
    """Whether the directory lets the old host change the DID. Raises DirectoryUnavailable,
    NotOursToChange."""
    _newest, data = updates.newest(source)
    control_check.check_lives_here(source, data)
    control_check.check_rotation_key(source, data)


def open_account(source: Account, host: Host, handle: str) -> Account:
    """The account at the new host, deactivated; with the address of the old one and, until `begin`,
    a password that nobody knows. Outside of any transaction. Raises what `move_in.move_in` does."""
    return move_in.move_in(host, _wanted(source, handle))


def begin(source: Account, account: Account) -> None:
    """Take over how its owner signs in, and have the worker copy the rest; may be repeated until
    the move has begun. Passkeys stay behind: they are for the old host's name."""
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(
            password=source.password,
            email_confirmed_at=source.email_confirmed_at,
            has_email_auth_factor=source.has_email_auth_factor,
            is_oauth_only=source.is_oauth_only,
        )
        Totp.objects.filter(account=account).delete()
        for app in Totp.objects.filter(account=source):
            Totp.objects.create(account=account, secret=app.secret, last_step=app.last_step)
        beginning.note(account, source.host.origin, _wanted(source, account.handle or ""))
    old_session.keep(account.pk, _session(source))
    copying.queue.wake(account.pk)


def sign_in_again(source: Account, account: Account) -> None:
    """Go on with another session at the old host: the one before has ended."""
    beginning.signed_in_again(account, _session(source))


def is_copied(move: MoveIn) -> bool:
    """Whether all is here, or nobody brings what is not."""
    is_fetching = BlobFetch.objects.open().filter(pk=move.pk).exists()
    return move.state == MoveIn.State.COPIED and move.records_at is not None and not is_fetching


def publish(source: Account, account: Account) -> bool:
    """Have the directory say that the account lives at its new host; from then on nothing is
    written at the old one. False: something was written there meanwhile, and is copied now.

    Outside of any transaction; may be repeated. Raises the errors of `check_control` and of
    `owner_operations.submit`; after each of them the account is active at its old host.
    """
    newest, data = updates.newest(source)
    service = data.services.get(PDS_SERVICE)
    if service is not None and service.endpoint == account.host.origin:
        return True
    control_check.check_lives_here(source, data)
    if not _is_same(source, account):
        _copy_again(account)
        return False
    activation.deactivate(source, is_noted=False)
    try:
        if not _is_same(source, account):
            activation.activate(source)
            _copy_again(account)
            return False
        ours = frozenset({source.host.rotation_did_key})
        due = identity_change.after_move(account, data, without=ours)
        identity_change.confirm(account, updates.signed(source, due, newest))
    except (updates.UpdateTimeout, updates.DirectoryUnavailable):
        pass  # it is written down, and goes on by itself
    except XrpcError:
        activation.activate(source)
        raise
    return True


def give_up(source: Account, account: Account | None) -> None:
    """All as before: the account is active at its old host, and there is none at the new one;
    unless the DID names the new one by now."""
    arrived = AccountMigration.objects.filter(account=account, did_updated_at__isnull=False)
    if account is not None and arrived.exists():
        return
    if source.deactivated_at is not None:
        activation.activate(source)
    if account is not None and move_in.is_moving_in(account):
        deletion.delete(account, is_told=False)


@transaction.atomic
def finish(source: Account) -> None:
    """Nobody is signed in at the old host any more."""
    status.end_sessions(status.lock_open(source))


def _wanted(source: Account, handle: str) -> SignUp:
    return SignUp(
        handle=handle,
        email=source.email,
        password=secrets.token_urlsafe(24),
        did=source.did,
        language=source.language or None,
        is_vouched_for=True,
    )


def _session(source: Account) -> OldHost:
    tokens = sessions.begin(source)
    return OldHost(source.host.origin, source.did, tokens.access_jwt, tokens.refresh_jwt)


def _is_same(source: Account, account: Account) -> bool:
    """Whether both have a repo, and the same records in it: the roots of their trees are equal."""
    found = Repo.objects.filter(pk__in=[source.pk, account.pk]).values_list("data", flat=True)
    roots = [bytes(root) for root in found]
    return len(roots) == 2 and roots[0] == roots[1]


def _copy_again(account: Account) -> None:
    MoveIn.objects.filter(pk=account.pk).update(import_job_id=None, records_at=None)
    copying.go_on(account.pk)
