"""Group commit: concurrent writes are planned together and applied in one statement.

The writes that run side by side go in together (server.web.threads.batching): one statement reads
where their repos stand, each batch of writes is worked out in memory as a commit on the one before
it (repos.commits.commit_chain, repos.commits.plan), and one statement applies them all
(repos.commits.transaction). It takes effect only on the heads that were read. The writes to a repo
whose head moved meanwhile start again; at a repo that other processes write to as well they soon
take the repo lock, and in the end lock its row, so that nobody starves.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import psycopg
from django.db import connection
from django.db.transaction import atomic

from accounts.authentication import live_sessions
from accounts.status import AccountTakedown
from protocol.errors import XrpcError
from protocol.mst import MissingBlock
from repos.blobs import blobs
from repos.commits import plan, repo_lock, transaction
from repos.commits.commit_chain import CommitChain, subject_of
from repos.commits.plan import Change
from repos.commits.writes import Write
from repos.models import Repo
from repos.reads.repos import RepoNotFound, RepoRef, forget_ref
from repos.state import heads, nodes
from repos.state.heads import Head
from server.web.threads.batching import TakeMore, join_batch

_TRIES_BATCHED = 2
_TRIES_EXCLUSIVE = 3
_GROUP_WRITES = 400


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


@dataclass(slots=True, eq=False)
class PendingWrite:
    """One batch of writes that waits; in the end it has an outcome."""

    repo: RepoRef
    writes: Sequence[Write]
    swap_commit: bytes | None
    session: str
    outcome: Applied | BaseException | None = None


def apply_writes(
    repo: RepoRef,
    writes: Sequence[Write],
    swap_commit: bytes | None = None,
    session: str = "",
) -> Applied:
    """Make one commit of a batch: all of it, or nothing and an error.

    `session` is the owner's (accounts.authentication.live_sessions); empty: it is not looked at.

    Raises ExpiredToken when the session was ended, InvalidSwap when `swap_commit` is not the head
    or a write's `swap_record` not the record, InvalidRequest for writes that contradict the repo or
    are too many, BlobNotFound, InvalidMimeType and InvalidSize for blobs that were not uploaded so,
    and AccountTakedown, AccountDeactivated or AccountSuspended for a repo that takes no commits.
    """
    plan.check_batch(writes)
    if refs := [ref for write in writes for ref in write.blobs]:
        blobs.check_uploaded(repo.id, refs)
    pending = PendingWrite(repo, writes, swap_commit, session)
    if connection.in_atomic_block:  # it belongs to this transaction, so nobody goes in with it
        _try([pending], _commit_locked)
    else:
        _run(pending)
    if isinstance(pending.outcome, Applied):
        return pending.outcome
    raise pending.outcome or RuntimeError(f"nobody settled a write to {repo.did}")


def _run(pending: PendingWrite) -> None:
    """Give a pending write its outcome, with those of the requests beside it."""
    for _ in range(_TRIES_BATCHED):
        if pending.outcome is None and not repo_lock.is_contended(pending.repo.id):
            join_batch(_try_batch, pending)
    if pending.outcome is None:
        repo_lock.mark_contended(pending.repo.id)
        join_batch(_settle_exclusively, pending, key=pending.repo.id)


def _try_batch(pending_writes: Sequence[PendingWrite], _take_more: TakeMore[PendingWrite]) -> None:
    for portion in _portions(pending_writes):
        _try(portion, _commit)


def _settle_exclusively(
    pending_writes: Sequence[PendingWrite], take_more: TakeMore[PendingWrite]
) -> None:
    """Settle the writes to one repo that other processes write to as well, and those that come
    while we wait for its lock."""
    with repo_lock.hold(pending_writes[0].repo.id):
        for portion in _portions([*pending_writes, *take_more()]):
            for _ in range(_TRIES_EXCLUSIVE):
                _try(_undecided(portion), _commit)
            _try(_undecided(portion), _commit_locked)


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
    yield portion


def _undecided(pending_writes: Sequence[PendingWrite]) -> list[PendingWrite]:
    return [pending for pending in pending_writes if pending.outcome is None]


def _try(
    pending_writes: Sequence[PendingWrite],
    commit: "Callable[[Sequence[PendingWrite]], list[RepoBatch]]",
) -> None:
    """Settle the writes whose repos stay as they are read. What Postgres refuses for the sake of
    one is tried one by one."""
    if not pending_writes:
        return
    try:
        batches = commit(pending_writes)
    except psycopg.DatabaseError as error:
        if len(pending_writes) > 1 and not _is_lost(error):
            for pending in pending_writes:
                _try([pending], commit)
            return
        for pending in pending_writes:
            pending.outcome = _explained(error)
        return
    for batch in batches:
        batch.settle()


def _commit_locked(pending_writes: Sequence[PendingWrite]) -> "list[RepoBatch]":
    with atomic():
        return _commit(pending_writes, is_locked=True)


def _commit(
    pending_writes: Sequence[PendingWrite], *, is_locked: bool = False
) -> "list[RepoBatch]":
    """Read, plan, apply."""
    batches = _repo_batches(pending_writes, is_locked=is_locked)
    moving = [batch for batch in batches if batch.chain.plans]
    if moving:
        refused = transaction.apply([batch.chain for batch in moving])
        for batch in moving:
            batch.refusal = refused.get(batch.chain.start.id)
    return batches


def _repo_batches(pending_writes: Sequence[PendingWrite], *, is_locked: bool) -> "list[RepoBatch]":
    """A chain for every repo that takes commits; writes to the others have their outcome."""
    by_repo: dict[int, list[PendingWrite]] = {}
    for pending in pending_writes:
        by_repo.setdefault(pending.repo.id, []).append(pending)
    sessions = {(pending.repo.id, pending.session) for pending in pending_writes if pending.session}
    found = heads.read_all(list(by_repo), sessions, is_locked=is_locked)
    subjects = [
        (w.repo.id, s) for w in pending_writes for write in w.writes if (s := subject_of(write))
    ]
    same_subject = heads.read_same_subject(subjects)
    batches = []
    for repo_id, own in by_repo.items():
        head = found.get(repo_id)
        taken = [pending for pending in own if not _is_refused(pending, head)]
        if head is not None and taken:
            batches.append(RepoBatch(CommitChain(head, same_subject.get(repo_id, {})), taken))
    return batches


def _is_refused(pending: PendingWrite, head: Head | None) -> bool:
    """Whether a write is refused, which is its outcome then: the repo takes no commits, or the
    session was ended. A deleted account's sessions are."""
    pending.outcome = _refusal_of(pending.repo, head.status if head else transaction.GONE)
    is_ended = pending.session and (head is None or pending.session in head.ended)
    if is_ended and not isinstance(pending.outcome, AccountTakedown):
        pending.outcome = live_sessions.SessionEnded()
    return pending.outcome is not None


class RepoBatch:
    """One repo's pending writes, the chain of commits that they come to, and what became of it."""

    def __init__(self, chain: CommitChain, pending_writes: Sequence[PendingWrite]) -> None:
        self.chain = chain
        self.refusal: str | None = None
        self._pending_writes = pending_writes
        self._outcomes = list(self._extend())

    def settle(self) -> None:
        """Hand out the outcomes, after the transaction; none when the head has moved."""
        if self.refusal == transaction.HEAD_MOVED:
            return
        if self.refusal is not None:
            for pending in self._pending_writes:
                pending.outcome = _refusal_of(pending.repo, self.refusal)
            return
        for pending, outcome in self._outcomes:
            pending.outcome = outcome
        if self.chain.plans:
            heads.remember(self.chain.start.id, self.chain.head.data)
        for made in self.chain.plans:
            nodes.forget(made.tree.gone)

    def _extend(self) -> Iterator[tuple[PendingWrite, Applied | Exception]]:
        """Outcomes that hold if the chain does: one write may fail for another's sake."""
        for pending in self._pending_writes:
            try:
                changes = self.chain.extend(pending.writes, pending.swap_commit)
            except MissingBlock:  # a commit that ran meanwhile removed the node: read again
                return
            except Exception as failure:  # noqa: BLE001 - it is raised again where the write waits
                yield pending, failure
            else:
                yield pending, _applied(self.chain.head, changes)


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
    """Why a repo takes no commits, if it does not."""
    if status == transaction.GONE:
        forget_ref(repo)
        return RepoNotFound(repo.did)
    try:
        refuse_inactive(status)
    except XrpcError as refusal:
        return refusal
    return None


def _explained(error: psycopg.DatabaseError) -> Exception:
    if error.sqlstate == transaction.BLOB_MISSING:
        return blobs.not_uploaded(bytes.fromhex(str(error.diag.message_primary)))
    return error


def _is_lost(error: psycopg.DatabaseError) -> bool:
    """Whether the connection broke: nobody knows what became of the transaction."""
    return error.sqlstate is None or connection.connection is None or connection.connection.closed


def refuse_inactive(status: str) -> None:
    """Raises AccountTakedown, AccountDeactivated, AccountSuspended for what takes no commits."""
    if status == Repo.Status.TAKENDOWN:
        raise AccountTakedown
    if status == Repo.Status.DEACTIVATED:
        raise AccountDeactivated("Account is deactivated")
    if status == Repo.Status.SUSPENDED:
        raise AccountSuspended("Account is suspended")
