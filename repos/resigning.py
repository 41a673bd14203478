"""A commit of nobody's write: the same records under a new signature, or a tree made anew.

Source: atproto.com/specs/repository; atproto.com/specs/sync, "#sync". After either, consumers are
told by #sync where the repo stands, because no #commit leads there.
"""

from typing import Any

from django.db import transaction

from accounts import keys, signals
from accounts.models import Account
from hosting import database
from protocol import commit, frames
from protocol.frames import EventKind
from repos import events, heads, revs
from repos.heads import Head
from repos.imports.announcing import sync_body
from repos.models import Repo

_MOVE = """
    UPDATE repo SET head = %b, rev = %s, data = %b, commit = %b, signing_did_key = %s WHERE id = %s
"""


def connect() -> None:
    """Hear the accounts room; called once when Django is ready."""
    signals.signing_key_changed.connect(on_signing_key, dispatch_uid="repos.on_signing_key")


def on_signing_key(account: Account, **_: Any) -> None:
    """The account's key is another: #identity, and the head signed anew. In the sender's
    transaction."""
    heads.lock(account.pk)
    head = heads.read(account.pk)
    if head is None:
        return  # an account without a repo has nothing to sign
    if head.status == Repo.Status.ACTIVE:
        time = events.time_text()
        body = frames.identity_body(did=account.did, handle=account.handle, time=time)
        events.append(account.pk, EventKind.IDENTITY, body)
    move_head(head, head.data, account.signing_did_key)


def move_head(head: Head, root: bytes, signing_did_key: str) -> str:
    """Sign a tree as the repo's next commit and announce it by #sync while the repo is active.

    Returns the new rev. Call inside the transaction that locked the repo (`heads.lock`) and that
    stores the tree's nodes.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a head moves inside a transaction")
    rev = revs.next_rev(head.rev)
    signed = commit.sign(head.did, rev, root, keys.signing_key(signing_did_key))
    new = (signed.cid, rev, root, signed.block, signing_did_key, head.id)
    database.hot().execute(_MOVE, new)
    if head.status == Repo.Status.ACTIVE:
        events.append(head.id, EventKind.SYNC, sync_body(head.did, signed, rev))
    return rev
