"""A commit chain: commits of one repo that go in together, and the rows they come to.

A chain begins at the head that the database holds. Its rows are those of its end: what one commit
brings and a later one removes is never stored, while every commit keeps its event.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from accounts.identity.keys import signing_keys
from protocol.event_stream.frames import RepoOp
from protocol.mst import Tree
from repos.commits import allowances, plan
from repos.commits.plan import Change, InvalidSwap, Plan
from repos.commits.writes import Action, Write
from repos.state import nodes, revs
from repos.state.heads import Head, Subject

TOLD_MAX: Final = 20  # records of one commit that are named in the log of a controller's deeds


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as the chain's end has it, with the rev that brought it."""

    write: Write
    rev: str


@dataclass(frozen=True, slots=True)
class Deed:
    """A commit by a controller who acts for the owner, and what it does, a line a record."""

    actor: str
    told: str


class CommitChain:
    """The commits to come of one repo. `head` is where the next one starts, `deeds` those commits
    that are not the owner's own."""

    def __init__(self, head: Head, same_subject: dict[Subject, set[str]]) -> None:
        self.start = head
        self.head = head
        self.plans: list[Plan] = []
        self.deeds: list[Deed] = []
        self._steps: list[tuple[RepoOp, Stored | None]] = []  # of all plans
        self._same_subject = same_subject
        self._source = nodes.NodeSource(head.id, head.last_commit)
        self._room = allowances.Room(head.counts)

    @property
    def op_count(self) -> int:
        """How many records its commits create, change and delete."""
        return len(self._steps)

    def extend(
        self, writes: Sequence[Write], swap_commit: bytes | None, actor: str = ""
    ) -> Sequence[Change]:
        """Add one batch of writes as a commit, unless it changes nothing. `actor`: a controller.

        Raises InvalidSwap, QuotaExceeded, InvalidRequest (the chain stays as it was), and
        MissingBlock when a commit that ran meanwhile removed a node: the repo has to be read again.
        """
        if swap_commit is not None and swap_commit != self.head.cid:
            raise InvalidSwap("The repo's commit does not match swapCommit")
        tree = Tree(self.head.data, self._source, nodes.CACHE)
        changes = plan.changes_of(tree, writes)
        telling = [change.write for change in changes if change.op is not None]
        if not telling:
            return changes
        ops = [change.op for change in changes if change.op is not None]
        room = self._room.after(ops, telling)
        made = plan.make(
            self.head,
            tree,
            changes=changes,
            displaced=plan.displaced_by(self._same_subject_of(telling), tree, changes),
            rev=revs.next_rev(self.head.rev),
            key=signing_keys.signing_key(self.head.signing_did_key, self.head.did),
        )
        self._append(made)
        self._room = room
        if actor:
            self.deeds.append(Deed(actor, _told(made)))
        return changes

    def records(self) -> tuple[list[tuple[str, str]], list[Stored]]:
        """(collection, rkey) of the rows that leave, and the records whose rows come."""
        was_there: dict[str, bool] = {}
        last: dict[str, Stored | None] = {}
        for op, stored in self._steps:
            was_there.setdefault(op.path, op.prev is not None)
            last[op.path] = stored
        left = [_split(path) for path, there in was_there.items() if there]
        return left, [stored for stored in last.values() if stored is not None]

    def nodes(self) -> tuple[Iterable[bytes], dict[bytes, tuple[str, bytes]]]:
        """CIDs of the nodes that leave, and (rev, block) of those that come, by CID."""
        gone: dict[bytes, None] = {}
        new: dict[bytes, tuple[str, bytes]] = {}
        for made in self.plans:
            for cid in made.tree.gone:
                if new.pop(cid, None) is None:
                    gone[cid] = None
            for cid, block in made.tree.new_blocks.items():
                new[cid] = made.rev, block
        return gone, new

    def _same_subject_of(self, writes: Sequence[Write]) -> set[str]:
        subjects = [subject for write in writes if (subject := subject_of(write)) is not None]
        return set().union(*(self._same_subject.get(subject, ()) for subject in subjects))

    def _append(self, made: Plan) -> None:
        self.plans.append(made)
        self._source.update(made.tree.new_blocks)
        self.head = self.head.moved(made.commit.cid, made.rev, made.root)
        steps = list(_steps(made))
        self._steps += steps
        for op, stored in steps:
            for paths in self._same_subject.values():
                paths.discard(op.path)
            if stored is not None and stored.write.subject is not None:
                subject = (stored.write.collection, stored.write.subject)
                self._same_subject.setdefault(subject, set()).add(op.path)


def subject_of(write: Write) -> Subject | None:
    """What a new record is about, where one record a subject is the rule."""
    if write.action is not Action.CREATE or write.subject is None:
        return None
    return write.collection, write.subject


def _steps(made: Plan) -> Iterator[tuple[RepoOp, Stored | None]]:
    """Every change of a record, with what is stored for it: None for a delete."""
    for op in made.displaced:
        yield op, None
    for change in made.changes:
        if change.op is not None:
            is_kept = change.write.cid is not None
            yield change.op, Stored(change.write, made.rev) if is_kept else None


def _told(made: Plan) -> str:
    """What a commit does: `create app.bsky.feed.post/3k2a`, a line each, of the first ones."""
    ops = [op for op, _stored in _steps(made)]
    lines = [f"{op.action} {op.path}" for op in ops[:TOLD_MAX]]
    return "\n".join([*lines, f"+{len(ops) - TOLD_MAX}"] if len(ops) > TOLD_MAX else lines)


def _split(path: str) -> tuple[str, str]:
    collection, _, rkey = path.partition("/")
    return collection, rkey
