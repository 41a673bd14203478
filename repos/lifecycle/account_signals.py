"""Receivers of account signals: repos opened, moved in, their status or handle changed.

Receivers of the accounts package's signals, running in the sender's transaction: repo and events
come true together with the account, or not at all. The repo's row is locked before anything is
read, so that the order of a repo's events is the order of what happened. Order and kinds of events:
com.atproto.sync.subscribeRepos and atproto.com/specs/account.
"""

import time
from typing import Any, Final

from django.db.models import F
from django.utils import timezone

from accounts import signals
from accounts import status as account_status
from accounts.identity import external_handles
from accounts.identity.keys import signing_keys
from accounts.lifecycle.account_migration import move_in
from accounts.models import Account, AccountMigration
from protocol import car, tid
from protocol.event_stream import frames
from protocol.event_stream.frames import EventKind
from protocol.mst import Tree
from protocol.repo import commit
from repos.events import append
from repos.lifecycle import resigning
from repos.models import Node, Repo
from repos.state import heads
from repos.state.clock_ids import own_clock
from server.database import connection, model_rows

_COMMIT = "SELECT rev, head, commit FROM repo WHERE id = %s FOR UPDATE"
_clock: Final = own_clock()
Event = tuple[EventKind, frames.Body]


def connect() -> None:
    """Connect the receivers; called once when Django is ready."""
    signals.account_opened.connect(on_opened, dispatch_uid="repos.on_opened")
    signals.account_migration_begun.connect(
        on_migration_begun, dispatch_uid="repos.on_migration_begun"
    )
    signals.account_moved_in.connect(on_moved_in, dispatch_uid="repos.on_moved_in")
    signals.account_activated.connect(on_activated, dispatch_uid="repos.on_activated")
    signals.account_status_changed.connect(on_status, dispatch_uid="repos.on_status")
    signals.handle_changed.connect(on_handle, dispatch_uid="repos.on_handle")


def on_opened(account: Account, **_: Any) -> None:
    """Make the empty repo and announce it: #identity, #account, #commit, #sync."""
    tree, signed, rev = _make_repo(account)
    events = (
        _identity(account),
        _status(account),
        _first_commit(account, tree, signed, rev),
        _sync(account, rev, signed.cid, signed.block),
    )
    append.append_all(account.pk, events)


def on_migration_begun(account: Account, **_: Any) -> None:
    """Make the empty repo of an account that begins to move in: its DID still leads elsewhere, so
    there is nothing to say about it here."""
    _make_repo(account)


def on_moved_in(account: Account, **_: Any) -> None:
    """Announce an account from elsewhere: #account, #identity, #sync.

    The head is signed anew with the key that the DID names from now on, under a rev of now: later
    than any commit of the old host, which may have gone on writing after the import.
    """
    heads.lock(account.pk)
    Repo.objects.filter(pk=account.pk).update(status=account.status)
    announce_again(account)
    Repo.objects.filter(pk=account.pk).update(first_rev=F("rev"))


def on_status(account: Account, **_: Any) -> None:
    """Let the repo take commits or not, and say so; one that comes back says where it stands."""
    head = _take_status(account)
    if head is not None and _is_shown(account):
        append.append(account.pk, *_sync(account, *head))


def on_activated(account: Account, **_: Any) -> None:
    """As `on_status`, and between the two who the account is: #account, #identity, #sync."""
    head = _take_status(account)
    if head is not None and _is_shown(account):
        append.append(account.pk, *_identity(account))
        append.append(account.pk, *_sync(account, *head))


def on_handle(account: Account, **_: Any) -> None:
    """The account's handle is another: #identity."""
    heads.lock(account.pk)
    is_elsewhere = (
        account.moved_away_at is not None
        or AccountMigration.objects.before_did_update().filter(account=account).exists()
    )
    if Repo.objects.filter(pk=account.pk).exists() and not is_elsewhere:
        append.append(account.pk, *_identity(account))


def announce_again(account: Account) -> None:
    """Say again who the account is and where its repo stands, under a commit of now.

    For readers who may have seen more than we remember: the rev is later than any that they know,
    so they take our word. Call inside a transaction; may be repeated.
    """
    heads.lock(account.pk)
    head = heads.read(account.pk)
    if head is None:
        return
    append.append(account.pk, *_status(account))
    append.append(account.pk, *_identity(account))
    resigning.move_head(head, head.data, account.signing_did_key)


def announce_status(account: Account) -> None:
    """Say again whether an account is active: #account. Call inside the transaction that locked the
    account's row (accounts.status.lock_open)."""
    heads.lock(account.pk)
    if heads.read(account.pk) is not None and not move_in.is_moving_in(account):
        append.append(account.pk, *_status(account))


def announce_head(account: Account) -> None:
    """Say where the repo of an active account stands: #sync. Call inside a transaction."""
    found = connection.row(_COMMIT, (account.pk,))
    if found is not None and _is_shown(account):
        append.append(account.pk, *_sync(account, *found))


def _take_status(account: Account) -> tuple[str, bytes, bytes] | None:
    """The repo takes over the account's status and says so: #account. Its rev, head and commit.

    None for an account that has nothing to say on the firehose: it has no repo, or moves in and
    still lives elsewhere for all others.
    """
    found = connection.row(_COMMIT, (account.pk,))
    if found is None:
        return None
    rev, head, block = found
    Repo.objects.filter(pk=account.pk).update(status=account.status)
    if move_in.is_moving_in(account):
        return None
    append.append(account.pk, *_status(account))
    return rev, head, block


def _make_repo(account: Account) -> tuple[Tree, commit.SignedCommit, str]:
    """The empty tree, its first commit and rev."""
    tree, signed, rev = _sign_first_commit(account)
    model_rows.insert(
        Repo(
            id=account.pk,
            did=account.did,
            host_id=account.host_id,
            status=account.status,
            head=signed.cid,
            rev=rev,
            first_rev=rev,
            data=tree.commit(),
            commit=signed.block,
            signing_did_key=account.signing_did_key,
        )
    )
    return tree, signed, rev


def _sign_first_commit(account: Account) -> tuple[Tree, commit.SignedCommit, str]:
    tree = Tree(None, {})
    rev = tid.encode(time.time_ns() // 1000, _clock.clock_id)
    key = signing_keys.signing_key(account.signing_did_key, account.did)
    signed = commit.sign(account.did, rev, tree.commit(), key)
    for cid, block in tree.new_blocks.items():  # one: the tree is empty
        model_rows.insert(Node(repo_id=account.pk, cid=cid, rev=rev, data=block))
    return tree, signed, rev


def _first_commit(account: Account, tree: Tree, signed: commit.SignedCommit, rev: str) -> Event:
    blocks = [(signed.cid, signed.block), *tree.new_blocks.items()]
    body = frames.commit_body(
        repo=account.did,
        commit=signed.cid,
        rev=rev,
        since=None,
        blocks=car.write(signed.cid, blocks),
        ops=[],
        prev_data=None,
        time=append.time_text(),
    )
    return EventKind.COMMIT, body


def _is_shown(account: Account) -> bool:
    return account_status.public_status(account) == Account.Status.ACTIVE


def _identity(account: Account) -> Event:
    handle = external_handles.shown(account)
    body = frames.identity_body(did=account.did, handle=handle, time=append.time_text())
    return EventKind.IDENTITY, body


def _status(account: Account) -> Event:
    """#account, and whether it says that the tenant is suspended, which is taken back later."""
    shown = account_status.public_status(account)
    is_active = shown == Account.Status.ACTIVE
    said_at = timezone.now() if account.is_active and not is_active else None
    if (account.announced_suspended_at is None) != (said_at is None):
        Account.objects.filter(pk=account.pk).update(announced_suspended_at=said_at)
    body = frames.account_body(
        did=account.did,
        active=is_active,
        status=None if is_active else str(shown),
        time=append.time_text(),
    )
    return EventKind.ACCOUNT, body


def _sync(account: Account, rev: str, head: bytes, block: bytes) -> Event:
    blocks = car.write(head, [(head, block)])
    body = frames.sync_body(did=account.did, rev=rev, blocks=blocks, time=append.time_text())
    return EventKind.SYNC, body
