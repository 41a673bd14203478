"""Every write's way to a new head (what is no write takes `heads.move`).

The writes that run side by side go in join_batch (server.web.threads.batching): one statement reads
where their repos stand, each batch of writes is worked out in memory as a commit on the one before
it (repos.commits.commit_chain, repos.commits.plan), and one statement applies them all
(repos.commits.transaction). It takes effect only on the heads that were read. The writes to a repo
whose head moved meanwhile start again; at a repo that other processes write to as well they soon
take turns, and in the end the repo's lock, so that nobody starves.
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
from repos.commits.commit_chain import Chain, subject_of
from repos.commits.plan import Change
from repos.commits.writes import Write
from repos.models import Repo
from repos.reads.repos import RepoNotFound, RepoRef, forget_ref
from repos.state import heads, nodes
from repos.state.heads import Head
from server.web.threads.batching import TakeMore, join_batch

_TRIES_TOGETHER = 2
_TRIES_IN_TURN = 3
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
class _Wish:
    """One batch of writes on its way; in the end it has an outcome."""

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
    wish = _Wish(repo, writes, swap_commit, session)
    if connection.in_atomic_block:  # it belongs to this transaction, so nobody goes in with it
        _try([wish], _carry_out_under_lock)
    else:
        _bring_about(wish)
    if isinstance(wish.outcome, Applied):
        return wish.outcome
    raise wish.outcome or RuntimeError(f"nobody settled a write to {repo.did}")


def _bring_about(wish: _Wish) -> None:
    """Give a wish its outcome, with those of the requests beside it."""
    for _ in range(_TRIES_TOGETHER):
        if wish.outcome is None and not repo_lock.are_taken(wish.repo.id):
            join_batch(_try_together, wish)
    if wish.outcome is None:
        repo_lock.take_for_a_while(wish.repo.id)
        join_batch(_settle_in_turn, wish, key=wish.repo.id)


def _try_together(wishes: Sequence[_Wish], _take_more: TakeMore[_Wish]) -> None:
    for portion in _portions(wishes):
        _try(portion, _carry_out)


def _settle_in_turn(wishes: Sequence[_Wish], take_more: TakeMore[_Wish]) -> None:
    """Settle the wishes to one repo that other processes write to as well, and those that come
    while we wait for our turn."""
    with repo_lock.turn(wishes[0].repo.id):
        for portion in _portions([*wishes, *take_more()]):
            for _ in range(_TRIES_IN_TURN):
                _try(_without_outcome(portion), _carry_out)
            _try(_without_outcome(portion), _carry_out_under_lock)


def _portions(wishes: Sequence[_Wish]) -> Iterator[list[_Wish]]:
    """As many as one transaction should take; a single wish may be more."""
    portion: list[_Wish] = []
    size = 0
    for wish in wishes:
        size += len(wish.writes)
        if portion and size > _GROUP_WRITES:
            yield portion
            portion, size = [], len(wish.writes)
        portion.append(wish)
    yield portion


def _without_outcome(wishes: Sequence[_Wish]) -> list[_Wish]:
    return [wish for wish in wishes if wish.outcome is None]


def _try(wishes: Sequence[_Wish], carry_out: "Callable[[Sequence[_Wish]], list[_Bid]]") -> None:
    """Settle the wishes whose repos stay as they are read. What Postgres refuses for the sake of
    one is tried one by one."""
    if not wishes:
        return
    try:
        bids = carry_out(wishes)
    except psycopg.DatabaseError as error:
        if len(wishes) > 1 and not _is_lost(error):
            for wish in wishes:
                _try([wish], carry_out)
            return
        for wish in wishes:
            wish.outcome = _explained(error)
        return
    for bid in bids:
        bid.settle()


def _carry_out_under_lock(wishes: Sequence[_Wish]) -> "list[_Bid]":
    with atomic():
        return _carry_out(wishes, is_locked=True)


def _carry_out(wishes: Sequence[_Wish], *, is_locked: bool = False) -> "list[_Bid]":
    """Read, plan, apply."""
    bids = _bids(wishes, is_locked=is_locked)
    moving = [bid for bid in bids if bid.chain.plans]
    if moving:
        refused = transaction.apply([bid.chain for bid in moving])
        for bid in moving:
            bid.refusal = refused.get(bid.chain.start.id)
    return bids


def _bids(wishes: Sequence[_Wish], *, is_locked: bool) -> "list[_Bid]":
    """A chain for every repo that takes commits; wishes for the others have their outcome."""
    by_repo: dict[int, list[_Wish]] = {}
    for wish in wishes:
        by_repo.setdefault(wish.repo.id, []).append(wish)
    sessions = {(wish.repo.id, wish.session) for wish in wishes if wish.session}
    found = heads.read_all(list(by_repo), sessions, is_locked=is_locked)
    subjects = [(w.repo.id, s) for w in wishes for write in w.writes if (s := subject_of(write))]
    twins = heads.read_twins(subjects)
    bids = []
    for repo_id, own in by_repo.items():
        head = found.get(repo_id)
        taken = [wish for wish in own if not _is_refused(wish, head)]
        if head is not None and taken:
            bids.append(_Bid(Chain(head, twins.get(repo_id, {})), taken))
    return bids


def _is_refused(wish: _Wish, head: Head | None) -> bool:
    """Whether a wish cannot come true, which is its outcome then: the repo takes no commits, or the
    session was ended. A deleted account's sessions are."""
    wish.outcome = _refusal_of(wish.repo, head.status if head else transaction.GONE)
    is_ended = wish.session and (head is None or wish.session in head.ended)
    if is_ended and not isinstance(wish.outcome, AccountTakedown):
        wish.outcome = live_sessions.SessionEnded()
    return wish.outcome is not None


class _Bid:
    """One repo's wishes, the chain of commits that they come to, and what became of it."""

    def __init__(self, chain: Chain, wishes: Sequence[_Wish]) -> None:
        self.chain = chain
        self.refusal: str | None = None
        self._wishes = wishes
        self._outcomes = list(self._extend())

    def settle(self) -> None:
        """Hand out the outcomes, after the transaction; none when the head has moved."""
        if self.refusal == transaction.HEAD_MOVED:
            return
        if self.refusal is not None:
            for wish in self._wishes:
                wish.outcome = _refusal_of(wish.repo, self.refusal)
            return
        for wish, outcome in self._outcomes:
            wish.outcome = outcome
        if self.chain.plans:
            heads.remember(self.chain.start.id, self.chain.head.data)
        for made in self.chain.plans:
            nodes.forget(made.tree.gone)

    def _extend(self) -> Iterator[tuple[_Wish, Applied | Exception]]:
        """Outcomes that hold if the chain does: one commit's wish may fail for another's sake."""
        for wish in self._wishes:
            try:
                changes = self.chain.extend(wish.writes, wish.swap_commit)
            except MissingBlock:  # a commit that ran meanwhile removed the node: read again
                return
            except Exception as failure:  # noqa: BLE001 - it is raised again where the wish waits
                yield wish, failure
            else:
                yield wish, _applied(self.chain.head, changes)


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
