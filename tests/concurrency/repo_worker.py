"""A process whose children do one thing to a repo each, and are killed at it.

`python -m tests.concurrency.repo_worker`: see killing.serve, and test_kill_in_each_step.
"""

import os
from pathlib import Path

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "hosting.settings"
django.setup()

from accounts.lifecycle import deletion  # noqa: E402 - needs django.setup()
from accounts.models import Account  # noqa: E402 - needs django.setup()
from protocol import cid  # noqa: E402 - with its users
from repos.blobs import quarantine as blob_quarantine  # noqa: E402 - needs django.setup()
from repos.commits import group_commit, writes  # noqa: E402 - needs django.setup()
from repos.imports import receive  # noqa: E402 - needs django.setup()
from repos.lifecycle import deletion as repo_deletion  # noqa: E402 - needs django.setup()
from repos.lifecycle import record_takedowns  # noqa: E402 - needs django.setup()
from repos.reads import repos  # noqa: E402 - needs django.setup()
from repos.reads.repos import RepoRow  # noqa: E402 - needs django.setup()
from tests.concurrency.killing import serve  # noqa: E402 - needs django.setup()
from tests.unit.repos.blobs.uploads import THING, upload, using  # noqa: E402 - needs django.setup()
from tests.unit.repos.events import numbering  # noqa: E402 - needs django.setup()

OLD, NEW = b"the blob of before", b"the blob of after"


def repo_of(did: str) -> RepoRow:
    return repos.find_repo(Account.objects.select_related("host").get(did=did).host, did)


def stage(did: str) -> None:
    upload(repo_of(did), NEW)


def put(did: str) -> None:
    """A record takes the place of one with another blob."""
    repo = repo_of(did)
    ref = upload(repo, NEW)
    group_commit.apply_writes(
        repo, [writes.put(THING, "k", using(ref)), writes.discard(THING, "old")]
    )


def import_car(did: str, car: str) -> None:
    receive.import_car(repo_of(did), [Path(car).read_bytes()])


def move_in(did: str, car: str) -> None:
    """An import into an empty repo."""
    import_car(did, car)


def number(_did: str) -> None:
    numbering.number()


def quarantine(did: str) -> None:
    blob_quarantine.quarantine(repo_of(did), cid.of_raw(OLD))
    blob_quarantine.settle_blobs()


def hide(did: str) -> None:
    record_takedowns.take_down(repo_of(did), THING, "k")


def delete(did: str) -> None:
    account = Account.objects.filter(did=did).first()
    if account is not None:
        deletion.delete(account)
    repo_deletion.queue.sweep()


VERBS = {
    verb.__name__: verb
    for verb in (stage, put, import_car, move_in, number, quarantine, hide, delete)
}


if __name__ == "__main__":
    serve(VERBS)
