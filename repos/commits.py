"""Every write's way to a new head (what is no write takes `heads.move`).

A write reads the repo once, works out the commit in memory (repos.plan), and applies it with one
call of the plpgsql function `apply_commit`, which is the transaction: it takes effect only on the
head that was read. Otherwise everything starts again; from the fourth time on with the repo's row
locked, so that a busy repo cannot starve anyone.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from django.db import transaction

from accounts import keys
from accounts.standing import AccountTakedown
from hosting import database
from protocol.errors import XrpcError
from protocol.mst import MissingBlock, Tree
from repos import blobs, heads, nodes, plan, revs
from repos.models import Repo
from repos.plan import Change, InvalidSwap, Plan
from repos.reads import RepoNotFound, RepoRef, forget_ref
from repos.writes import Action, Write

_OPTIMISTIC_TRIES = 3
_turns = [threading.Lock() for _ in range(256)]
_BLOB_MISSING = "GRB01"  # raised by apply_commit

_APPLY = """
    SELECT apply_commit(
        %s::bigint, %s, %s, %b, %b, %b, %s::text[], %s::text[],
        %s::text[], %s::text[], %b::bytea[], %s::text[], %b::bytea[],
        %b::bytea[], %b::bytea[], %b::bytea[],
        %s::text[], %s::text[], %b::bytea[], %s::int, %b)
"""


class AccountDeactivated(XrpcError):
    """401: the account rests; its owner may activate it and write again."""

    name = "AccountDeactivated"
    status = 401


class AccountSuspended(XrpcError):
    """401: the account is suspended for a time."""

    name = "AccountSuspended"
    status = 401


@dataclass(frozen=True, slots=True)
class Result:
    """One write's outcome, in the batch's order. `action` is None when nothing had to change."""

    path: str
    action: str | None
    cid: bytes | None
    validation_status: str | None


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a batch. `commit` (a CID) and `rev` are None when it changed nothing."""

    commit: bytes | None
    rev: str | None
    results: tuple[Result, ...]


def apply_writes(
    repo: RepoRef, writes: Sequence[Write], swap_commit: bytes | None = None
) -> Applied:
    """Make one commit of a batch: all of it, or nothing and an error.

    Raises InvalidSwap when `swap_commit` is not the head or a write's `swap_record` not the record,
    InvalidRequest for writes that contradict the repo or are too many, BlobNotFound,
    InvalidMimeType and InvalidSize for blobs that were not uploaded so, and AccountTakedown,
    AccountDeactivated or AccountSuspended for a repo that takes no commits.
    """
    plan.check_batch(writes)
    if refs := [ref for write in writes for ref in write.blobs]:
        blobs.check_uploaded(repo.id, refs)
    created = [write for write in writes if write.action is Action.CREATE]
    subjects = [(w.collection, w.subject) for w in created if w.subject is not None]
    with _turn_at(repo.id):
        return _apply_in_turn(repo, writes, subjects, swap_commit)


def _turn_at(repo_id: int) -> threading.Lock:
    """Whose turn it is to write to a repo, in this process: two attempts at one head are one too
    many. Other processes are met in the database."""
    return _turns[repo_id % len(_turns)]


def _apply_in_turn(
    repo: RepoRef,
    writes: Sequence[Write],
    subjects: Sequence[tuple[str, str]],
    swap_commit: bytes | None,
) -> Applied:
    for _ in range(_OPTIMISTIC_TRIES):
        try:
            applied = _attempt(repo, writes, subjects, swap_commit)
        except MissingBlock:  # a commit that ran meanwhile removed the node
            continue
        if applied is not None:
            return applied
    with transaction.atomic():
        heads.lock(repo.id)
        applied = _attempt(repo, writes, subjects, swap_commit)
    if applied is None:
        raise RuntimeError(f"the head of {repo.did} moved under its lock")
    return applied


def _attempt(
    repo: RepoRef,
    writes: Sequence[Write],
    subjects: Sequence[tuple[str, str]],
    swap_commit: bytes | None,
) -> Applied | None:
    """One try on the head that stands now; None when it moved before the commit was in."""
    head = heads.read(repo.id, subjects)
    if head is None:
        forget_ref(repo)
        raise RepoNotFound(repo.did)
    refuse_inactive(head.status)
    if swap_commit is not None and swap_commit != head.cid:
        raise InvalidSwap("The repo's commit is not the one that was given to swap")
    tree = Tree(head.data, nodes.NodeSource(repo.id, head.last_commit), nodes.CACHE)
    changes = plan.changes_of(tree, writes)
    if all(change.op is None for change in changes):
        return Applied(None, None, _results(changes))
    displaced = plan.displaced_by(head, tree, changes)
    key = keys.signing_key(head.signing_did_key)
    made = plan.make(
        head, tree, changes=changes, displaced=displaced, rev=revs.next_rev(head.rev), key=key
    )
    if not _apply(made):
        return None
    heads.remember(repo.id, made.root)
    nodes.forget(tree.gone)
    return Applied(made.commit.cid, made.rev, _results(changes))


def _apply(made: Plan) -> bool:
    """Call the transaction. False when the head is another by now."""
    try:
        found = database.row(_APPLY, _parameters(made))
    except psycopg.DatabaseError as error:
        if error.sqlstate == _BLOB_MISSING:
            raise blobs.not_uploaded(bytes.fromhex(str(error.diag.message_primary))) from error
        raise
    outcome = found[0] if found else "gone"
    if outcome in ("applied", "stale"):
        return bool(outcome == "applied")
    refuse_inactive(outcome)
    raise RepoNotFound(made.head.did)


def _parameters(made: Plan) -> tuple[object, ...]:
    """The arguments of `apply_commit`, in its order."""
    stored = [c.write for c in made.changes if c.op is not None and c.write.cid is not None]
    replaced = [op.path for op in made.displaced]
    replaced += [c.op.path for c in made.changes if c.op is not None and c.op.prev is not None]
    replaced_paths = [path.split("/") for path in replaced]
    uses = [(w, cid) for w in stored for cid in {ref.cid for ref in w.blobs}]
    return (
        made.head.id,
        made.head.rev,
        made.rev,
        made.commit.cid,
        made.root,
        made.commit.block,
        [path[0] for path in replaced_paths],
        [path[1] for path in replaced_paths],
        [write.collection for write in stored],
        [write.rkey for write in stored],
        [write.cid for write in stored],
        [write.subject for write in stored],
        [write.block for write in stored],
        made.tree.gone,
        list(made.tree.new_blocks),
        list(made.tree.new_blocks.values()),
        [write.collection for write, _ in uses],
        [write.rkey for write, _ in uses],
        [cid for _, cid in uses],
        made.body.seq_at,
        made.body.data,
    )


def refuse_inactive(status: str) -> None:
    """Raises AccountTakedown, AccountDeactivated, AccountSuspended for what takes no commits."""
    if status == Repo.Status.TAKENDOWN:
        raise AccountTakedown
    if status == Repo.Status.DEACTIVATED:
        raise AccountDeactivated("Account is deactivated")
    if status == Repo.Status.SUSPENDED:
        raise AccountSuspended("Account is suspended")


def _results(changes: Sequence[Change]) -> tuple[Result, ...]:
    return tuple(
        Result(
            path=change.write.path,
            action=change.op.action if change.op is not None else None,
            cid=change.write.cid,
            validation_status=change.write.validation_status,
        )
        for change in changes
    )
