"""Runs one import, from its CAR on disk to the new head; safe to repeat.

Source: the lexicon com.atproto.repo.importRepo. The repo becomes what the CAR holds, under a commit
of our own. A commit that runs meanwhile makes the import start over on the head that it left.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from django.db import transaction

from accounts.status import AccountFrozen
from hosting import limits
from hosting.limits import Charge
from protocol import mst
from protocol.cid import to_text
from protocol.errors import InvalidRequest, XrpcError
from protocol.mst import MissingBlock, MstError
from protocol.repo.commit import Commit
from repos.blobs.fetching import queue
from repos.blobs.types import declared_types
from repos.commits import refusals
from repos.imports import applying, staging
from repos.imports.car_file import CarFile, UnreadableCar
from repos.imports.faults import RefusedRecords
from repos.imports.staging import Progress, Staged
from repos.models import Repo
from repos.reads.refusals import RepoNotFound
from repos.state import heads
from repos.state.heads import Head

_TRIES = 6
_EMPTY_TREE, _ = mst.build(())


class ForeignRepo(InvalidRequest):
    """400: the CAR is another account's repo."""


class RepoBusy(XrpcError):
    """503: other commits came in between each time."""

    name = "RepoBusy"
    status = 503


def ignore_progress(_record_count: int) -> None:
    """Progress of an import that is over before anybody could ask."""


def check_owner(car_file: CarFile, did: str) -> Commit:
    """The CAR's commit, when it is this account's. Raises ForeignRepo, UnreadableCar."""
    imported = car_file.commit()
    if imported.did != did:
        raise ForeignRepo(f"The CAR contains the repo of {imported.did}, not of {did}")
    return imported


def import_first(repo_id: int, car_file: CarFile) -> bool:
    """Make an empty repo what the CAR holds; False when it is not empty: then `import_repo` it.

    Holds the repo's row all the while, so its rows can be made and stored side by side: most
    imports are an account moving in, whose repo nobody else writes to. Raises as `import_repo`.
    """
    with transaction.atomic():
        head = _head(repo_id, is_locked=True)
        imported = check_owner(car_file, head.did)
        if head.data != _EMPTY_TREE or imported.data == head.data:
            return False
        with _car_faults():
            staged = staging.stage(head, car_file, imported, ignore_progress, is_first=True)
        if not _apply(staged):
            raise RepoBusy("The repo has changed: repeat the import")
    _finish(repo_id)
    return True


def import_repo(repo_id: int, car_file: CarFile, progress: Progress) -> None:
    """Make the repo what the CAR holds: all of it, or nothing and an error.

    `progress` is told of records read. Raises ForeignRepo, UnreadableCar, RefusedRecords,
    RepoNotFound, RepoBusy, and AccountTakedown, AccountSuspended or AccountFrozen.
    """
    for _ in range(_TRIES):
        head = _head(repo_id)
        imported = check_owner(car_file, head.did)
        if imported.data == head.data:
            break
        staged = _stage(head, car_file, imported, progress)
        if staged is not None and _apply(staged):
            _count_writes(head, staged)
            break
    else:
        raise RepoBusy("The repo is being written to: stop writing and repeat the import")
    _finish(repo_id)


def _head(repo_id: int, *, is_locked: bool = False) -> Head:
    """Where the repo stands; deactivated accounts may import, so that people can move in."""
    head = heads.read(repo_id, is_locked=is_locked)
    if head is None:
        raise RepoNotFound(str(repo_id))
    if head.status != Repo.Status.DEACTIVATED:
        refusals.refuse_inactive(head.status)
    if head.is_held:
        raise AccountFrozen
    return head


def _stage(head: Head, car_file: CarFile, imported: Commit, progress: Progress) -> Staged | None:
    """None when the head moved while it was read."""
    try:
        with _car_faults():
            return staging.stage(head, car_file, imported, progress)
    except (UnreadableCar, RefusedRecords):
        if _head(head.id).rev != head.rev:
            return None
        raise


@contextmanager
def _car_faults() -> Iterator[None]:
    """What is wrong with a tree is wrong with the CAR that brought it."""
    try:
        yield
    except MissingBlock as fault:
        raise UnreadableCar(f"The CAR is missing block {to_text(fault.cid)}") from fault
    except MstError as fault:
        raise UnreadableCar(f"The CAR's tree is not a repo's: {fault}") from fault


def _apply(staged: Staged) -> bool:
    with closing(staged):
        return applying.apply(staged)


def _count_writes(head: Head, staged: Staged) -> None:
    """What an import changed costs what as many deletions cost, an hour's writes at the most. The
    first one of a repo is free: people move in with more than anybody writes in an hour."""
    if head.data != _EMPTY_TREE:
        gone = len(staged.gone_paths)
        points = min(max(gone, gone + staged.record_change), limits.WRITES.budgets[0].limit)
        host_id = Repo.objects.values_list("host_id", flat=True).get(pk=head.id)
        limits.charge_later(host_id, [Charge(limits.WRITES, (head.did,), points)])


def _finish(repo_id: int) -> None:
    applying.attach_blobs(repo_id)
    declared_types.learn_all(repo_id)
    queue.begin(repo_id)
