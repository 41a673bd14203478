"""Commits without a write: the same records under a new signature, or a tree made anew.

Source: atproto.com/specs/repository; atproto.com/specs/sync, "#sync". After either, consumers are
told by #sync where the repo stands, because no #commit leads there.
"""

from typing import Any

from accounts import signals
from accounts.models import Account
from protocol.event_stream import frames
from protocol.event_stream.frames import EventKind
from repos.events import append
from repos.imports.announcing import sync_body
from repos.models import Repo
from repos.state import heads, revs
from repos.state.heads import Head


def connect() -> None:
    """Connect the receivers; called once when Django is ready."""
    signals.signing_key_changed.connect(on_signing_key, dispatch_uid="repos.on_signing_key")


def on_signing_key(account: Account, **_: Any) -> None:
    """The account's key is another: #identity, and the head signed anew. In the sender's
    transaction."""
    heads.lock(account.pk)
    head = heads.read(account.pk)
    if head is None:
        return  # an account without a repo has nothing to sign
    if head.status == Repo.Status.ACTIVE:
        time = append.time_text()
        body = frames.identity_body(did=account.did, handle=account.handle, time=time)
        append.append(account.pk, EventKind.IDENTITY, body)
    move_head(head, head.data, account.signing_did_key)


def move_head(head: Head, root: bytes, signing_did_key: str) -> str:
    """Sign a tree as the repo's next commit and announce it by #sync while the repo is active.

    Returns the new rev. Call inside the transaction that locked the repo (`heads.lock`) and that
    stores the tree's nodes.
    """
    step = heads.sign(head, root, revs.next_rev(head.rev), signing_did_key)
    if not heads.move(step):
        raise RuntimeError(f"the head of {head.did} moved under its lock")
    if head.status == Repo.Status.ACTIVE:
        append.append(head.id, EventKind.SYNC, sync_body(step))
    return step.rev
