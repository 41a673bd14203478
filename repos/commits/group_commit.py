"""Group commit: concurrent writes are planned together and applied in one statement.

The writes that run side by side go in together (server.web.threads.batching): one statement reads
where their repos stand, each batch of writes is worked out in memory as a commit on the one before
it (repos.commits.commit_chain, repos.commits.plan), and one statement applies them all
(repos.commits.transaction). It takes effect only on the heads that were read.

     a write
        |
        v      moved             moved           moved
    TOGETHER ---------> TOGETHER ------> IN TURN ------> LOCKED
        |                  |                |              |
        +------------------+--------+-------+--------------+
                                    v
                      applied, or refused with an error

One rule for trying again: a write whose head moved between reading and applying had no effect, and
goes one step to the right. TOGETHER is with everybody who writes, to whichever repo. IN TURN is
with those who write to the same one, under its lock (repos.commits.repo_lock), which other
processes take as well; a repo that came so far begins there for a second. LOCKED reads under the
lock of the repo's row, so the head cannot move and nobody starves. A caller's own transaction
begins there. What Postgres refuses for one write's sake is tried one by one where it stands.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import psycopg
from django.db import connection
from django.db.transaction import atomic

from accounts.authentication import live_sessions
from accounts.status import AccountFrozen, AccountTakedown
from protocol.errors import XrpcError
from protocol.mst import MissingBlock
from repos.blobs import blobs
from repos.commits import plan, refusals, repo_lock, transaction
from repos.commits.commit_chain import CommitChain, subject_of
from repos.commits.plan import Change
from repos.commits.writes import Write
from repos.reads.refusals import RepoNotFound
from repos.reads.repos import RepoRef, forget_ref
from repos.state import heads, nodes
from repos.state.heads import Head
from server.web.threads.batching import TakeMore, join_batch

_TRIES_TOGETHER = 2
_GROUP_WRITES = 400


@dataclass(frozen=True, slots=True)
class Result:
    """One write's outcome, in the batch's order. `action` is None when nothing had to change, or a
    later write of the batch is to the same record."""

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


class PendingWrite(NamedTuple):
    """One batch of writes that waits for its outcome."""

    repo: RepoRef
    writes: Sequence[Write]
    swap_commit: bytes | None
    session: str
    actor: str


Outcome = Applied | Exception | None  # None: the head moved, so there is none yet


def apply_writes(
    repo: RepoRef,
    writes: Sequence[Write],
    swap_commit: bytes | None = None,
    session: str = "",
    actor: str = "",
) -> Applied:
    """Make one commit of a batch: all of it, or nothing and an error.

    `session` is the owner's (accounts.authentication.live_sessions); empty: it is not looked at.
    `actor` is the DID of a controller who acts for the owner, by whom the commit is written down in
    its own transaction (accounts.delegation.log); empty: the owner.

    Raises ExpiredToken when the session was ended, InvalidSwap when `swap_commit` is not the head
    or a write's `swap_record` not the record, InvalidRequest for writes that contradict the repo or
    are too many, BlobNotFound, InvalidMimeType and InvalidSize for blobs that were not uploaded so,
    and AccountTakedown, AccountDeactivated, AccountSuspended or AccountFrozen for a repo that takes
    no commits.
    """
    plan.check_batch(writes)
    if refs := [ref for write in writes for ref in write.blobs]:
        blobs.check_uploaded(repo.id, refs)
    outcome = _outcome_of(PendingWrite(repo, writes, swap_commit, session, actor))
    if isinstance(outcome, Applied):
        return outcome
    raise outcome or RuntimeError(f"no try settled a write to {repo.did}")


def _outcome_of(pending: PendingWrite) -> Outcome:
    """From one step to the next until there is one."""
    if connection.in_atomic_block:  # it belongs to this transaction, so nobody goes in with it
        return _try([pending], _commit_locked)[0]
    for _ in range(_TRIES_TOGETHER):
        if repo_lock.is_contended(pending.repo.id):
            break
        if (outcome := join_batch(_together, pending)) is not None:
            return outcome
    repo_lock.mark_contended(pending.repo.id)
    return join_batch(_in_turn, pending, key=pending.repo.id)


def _together(
    pending_writes: Sequence[PendingWrite], _take_more: TakeMore[PendingWrite]
) -> list[Outcome]:
    return _decided(pending_writes, _commit)


def _in_turn(
    pending_writes: Sequence[PendingWrite], take_more: TakeMore[PendingWrite]
) -> list[Outcome]:
    """Of the writes to one repo that other processes write to as well, and of those that come
    while we wait for its lock."""
    with repo_lock.hold(pending_writes[0].repo.id):
        pending_writes = [*pending_writes, *take_more()]
        outcomes = _decided(pending_writes, _commit)
        moved = [p for p, outcome in zip(pending_writes, outcomes, strict=True) if outcome is None]
        last = iter(_decided(moved, _commit_locked))
        return [next(last) if outcome is None else outcome for outcome in outcomes]


Commit = Callable[[Sequence[PendingWrite]], list[Outcome]]


def _decided(pending_writes: Sequence[PendingWrite], commit: Commit) -> list[Outcome]:
    portions = _portions(pending_writes)
    return [outcome for portion in portions for outcome in _try(portion, commit)]


def _portions(pending_writes: Sequence[PendingWrite]) -> Iterator[list[PendingWrite]]:
    """As many as one transaction should take; a single write may be more."""
    portion: list[PendingWrite] = []
    size = 0
    for pending in pending_writes:
        size += len(pending.writes)
        if portion and size > _GROUP_WRITES:
            yield portion
            portion, size = [], len(pending.writes)
        portion.append(pending)
    if portion:
        yield portion


def _try(pending_writes: Sequence[PendingWrite], commit: Commit) -> list[Outcome]:
    """What Postgres refuses for the sake of one write is tried one by one."""
    try:
        return commit(pending_writes)
    except psycopg.DatabaseError as error:
        if len(pending_writes) == 1 or _is_lost(error):
            return [_explained(error)] * len(pending_writes)
        return [outcome for pending in pending_writes for outcome in _try([pending], commit)]


def _commit_locked(pending_writes: Sequence[PendingWrite]) -> list[Outcome]:
    with atomic():
        return _commit(pending_writes, is_locked=True)


def _commit(pending_writes: Sequence[PendingWrite], *, is_locked: bool = False) -> list[Outcome]:
    """Read, plan, apply."""
    chains = _chains(pending_writes, is_locked=is_locked)
    outcomes = [_extend(chains.get(pending.repo.id), pending) for pending in pending_writes]
    moving = [chain for chain in chains.values() if chain.plans]
    refused = transaction.apply(moving) if moving else {}
    for chain in moving:
        if chain.start.id not in refused:
            _remember(chain)
    if not refused:
        return outcomes
    # What followed from the head that was read holds no more, refusals neither.
    return [
        _refusal_of(pending.repo, refused[pending.repo.id])
        if pending.repo.id in refused
        else outcome
        for pending, outcome in zip(pending_writes, outcomes, strict=True)
    ]


def _chains(pending_writes: Sequence[PendingWrite], *, is_locked: bool) -> dict[int, CommitChain]:
    """A chain for every repo that is there, on the head that it has now."""
    asked = {(pending.repo.id, pending.session or None) for pending in pending_writes}
    found = heads.read_all(asked, is_locked=is_locked)
    same_subject = heads.read_same_subject(
        [(p.repo.id, about) for p in pending_writes for w in p.writes if (about := subject_of(w))]
    )
    return {id_: CommitChain(head, same_subject.get(id_, {})) for id_, head in found.items()}


def _extend(chain: CommitChain | None, pending: PendingWrite) -> Outcome:
    """Make a write the chain's next commit: an outcome that holds if the chain does, for it may
    fail for the sake of one before it."""
    if (refusal := _refused(pending, chain.start if chain else None)) is not None or chain is None:
        return refusal
    try:
        changes = chain.extend(pending.writes, pending.swap_commit, pending.actor)
    except MissingBlock:  # a commit that ran meanwhile removed the node: the head has moved
        return None
    except Exception as failure:  # noqa: BLE001 - it is raised again where the write waits
        return failure
    return _applied(chain.head, changes)


def _refused(pending: PendingWrite, head: Head | None) -> XrpcError | None:
    """The repo takes no commits, or the session was ended; a deleted account's sessions are."""
    refusal = _refusal_of(pending.repo, head.status if head else transaction.GONE)
    is_ended = pending.session and (head is None or pending.session in head.ended)
    if is_ended and not isinstance(refusal, AccountTakedown):
        return live_sessions.SessionEnded()
    if refusal is None and head is not None and head.is_held:
        return AccountFrozen()
    return refusal


def _remember(chain: CommitChain) -> None:
    """What this process knows of the trees is now true of the chain's end."""
    heads.remember(chain.start.id, chain.head.data)
    for made in chain.plans:
        nodes.forget(made.tree.gone)


def _applied(head: Head, changes: Sequence[Change]) -> Applied:
    results = tuple(map(_result, changes))
    if all(result.action is None for result in results):
        return Applied(None, None, results)
    return Applied(head.cid, head.rev, results)


def _result(change: Change) -> Result:
    return Result(
        path=change.write.path,
        action=change.op.action if change.op is not None else None,
        cid=change.write.cid,
        validation_status=change.write.validation_status,
    )


def _refusal_of(repo: RepoRef, status: str) -> XrpcError | None:
    """Why a repo takes no commits; None when it does, or (HEAD_MOVED) would on its next head."""
    if status == transaction.GONE:
        forget_ref(repo)
        return RepoNotFound(repo.did)
    return refusals.of_status(status)


def _explained(error: psycopg.DatabaseError) -> Exception:
    if error.sqlstate == transaction.BLOB_MISSING:
        return blobs.not_uploaded(bytes.fromhex(str(error.diag.message_primary)))
    return error


def _is_lost(error: psycopg.DatabaseError) -> bool:
    """Whether the connection broke: nobody knows what became of the transaction."""
    return error.sqlstate is None or connection.connection is None or connection.connection.closed
