"""Everybody at one repo at once: writers, imports, exports, proofs, takedowns, new keys, the end.

Each does its part over and over for a few seconds. Refusals are what the verbs document; whatever
is read is one whole signed repo, every #commit follows from what was said before, and when all is
over nothing is damaged, lost or left behind.
"""

import random
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import signals, status
from accounts.identity.keys import signing_keys
from accounts.lifecycle import deletion
from accounts.models import Account
from hosting.models import Host
from protocol import car, mst
from protocol.errors import XrpcError
from protocol.keys import PublicKey
from protocol.repo import commit
from repos.blobs import files as blob_files
from repos.blobs import garbage_collection, quarantine
from repos.commits import group_commit, writes
from repos.imports import car_file, importing
from repos.lifecycle import deletion as repo_deletion
from repos.lifecycle import record_takedowns
from repos.maintenance import check
from repos.models import Blob, BlobUse, FileDeletion, Node, Record, Repo, RepoDeletion
from repos.reads import exports, record_pages, record_proofs, records, repos
from repos.reads.repos import RepoRow
from repos.state import long_reads
from server.database import connection
from tests.concurrency.test_writers import in_threads
from tests.factories import open_account
from tests.unit.repos.blobs.uploads import THING, upload, using
from tests.unit.repos.events.firehose import stream
from tests.unit.repos.imports.test_round_trips import foreign_car

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = 4
KEYS = [f"k{number:02}" for number in range(30)]


Role = Callable[["Race", random.Random], None]


@dataclass
class Race:
    """One account that everybody works on, until `ends_at`."""

    account: Account
    folder: Path
    signed_by: list[str] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def repo(self) -> RepoRow:
        return repos.find_repo(self.account.host, self.account.did)

    def run(self, roles: list[Role], seconds: float) -> None:
        run([(self, role) for role in roles], seconds)

    def play(self, role: Role, number: int, ends_at: float) -> None:
        dice = random.Random(number)
        while time.monotonic() < ends_at:
            try:
                role(self, dice)
                count = self.done
            except XrpcError:
                count = self.refused
            count[role.__name__] = count.get(role.__name__, 0) + 1


def run(parts: list[tuple[Race, Role]], seconds: float) -> None:
    """Each part in a thread of its own; what they raise but refusals fails the test."""
    ends_at = time.monotonic() + seconds

    def play(number: int) -> None:
        race, role = parts[number]
        race.play(role, number, ends_at)

    failures = in_threads(len(parts), play)
    assert not failures, "".join(traceback.format_exception(failures[0]))


def write(race: Race, dice: random.Random) -> None:
    repo = race.repo
    batch = [writes.put(THING, key, {"n": dice.randrange(9)}) for key in dice.sample(KEYS, 3)]
    ref = upload(repo, bytes([dice.randrange(4)]) * 100)
    batch += [writes.put(THING, f"b{dice.randrange(4)}", using(ref))]
    batch += [writes.discard(THING, key) for key in set(KEYS) - {write.rkey for write in batch}][:2]
    group_commit.apply_writes(repo, batch)


def bring_in(race: Race, dice: random.Random) -> None:
    records = {f"{THING}/{key}": {"n": dice.randrange(9)} for key in dice.sample(KEYS, 12)}
    with car_file.receive([foreign_car(race.account.did, records)]) as received:
        try:
            importing.import_repo(race.repo.id, received, lambda _count: None)
        finally:
            received.path.unlink()
    time.sleep(0.2)


def take_out(race: Race, dice: random.Random) -> None:
    """What is exported is one commit and all of its tree and records, whoever writes meanwhile."""
    read = car.read(b"".join(exports.export_repo(race.repo)))
    signed = commit.parse(read.blocks[read.roots[0]])
    assert any(signed.verify(PublicKey.from_did_key(key)) for key in race.signed_by)
    items = mst.verify(signed.data, read.blocks)
    assert all(value in read.blocks for _, value in items)


def prove(race: Race, dice: random.Random) -> None:
    key = dice.choice(KEYS)
    read = car.read(record_proofs.record_proof(race.repo, THING, key))
    signed = commit.parse(read.blocks[read.roots[0]])
    value = mst.Tree(signed.data, read.blocks).get(f"{THING}/{key}".encode())
    assert value is None or value in read.blocks


def moderate(race: Race, dice: random.Random) -> None:
    repo = race.repo
    verb = dice.choice([record_takedowns.take_down, record_takedowns.restore])
    verb(repo, THING, dice.choice(KEYS))
    blob = Blob.objects.filter(repo_id=repo.id).order_by("?").first()
    if blob is not None:
        quarantine.quarantine(repo, bytes(blob.cid))
        quarantine.release(repo, bytes(blob.cid))
    if dice.random() < 0.2:
        status.take_down(race.account)
        status.restore(race.account)


def rotate(race: Race, _dice: random.Random) -> None:
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=race.account.pk)
        account.signing_did_key = signing_keys.new_signing_key(account.host, account.did).did_key
        race.signed_by.append(account.signing_did_key)
        account.save(update_fields=["signing_did_key"])
        signals.signing_key_changed.send(sender=Account, account=account)
    time.sleep(0.5)


def sweep(race: Race, _dice: random.Random) -> None:
    garbage_collection.remove_unused_blobs(timedelta(0))
    time.sleep(0.1)


def look(race: Race, dice: random.Random) -> None:
    record_pages.list_records(race.account.host, race.account.did, THING, limit=10)
    records.get_record(race.account.host, race.account.did, THING, dice.choice(KEYS))


@pytest.fixture
def race(ash: Host, folder: Path, settings, tmp_path_factory) -> Iterator[Race]:
    settings.VALKEY_URL = ""
    settings.DATA_DIR = tmp_path_factory.mktemp("imports")
    account = open_account(ash)
    yield Race(account, folder, [account.signing_did_key])
    long_reads.close_idle()


@pytest.mark.long
def test_whatever_meets_the_repo_stays_whole_and_says_so(race: Race) -> None:
    race.run([write, write, bring_in, take_out, prove, moderate, rotate, sweep, look], SECONDS)
    assert all(race.done.get(role.__name__) for role in (write, bring_in, take_out, prove, rotate))
    assert check.check_repo(race.account.pk, lambda _count: None).damages == []
    repo = Repo.objects.get(pk=race.account.pk)
    story = stream.check_story(repo.pk, race.signed_by)
    assert story == (repo.rev, bytes(repo.data))
    assert_nothing_orphaned(race)


@pytest.mark.long
def test_many_repos_at_once_do_not_stand_in_each_others_way(race: Race) -> None:
    """Commits of several repos go in together, while each of them is locked by others too."""
    races = [race]
    for _ in range(3):
        account = open_account(race.account.host)
        races.append(Race(account, race.folder, [account.signing_did_key]))
    roles = [write, write, bring_in, moderate]
    run([(each, role) for each in races for role in roles] + [(race, sweep)], SECONDS)
    for each in races:
        assert each.done.get("write")
        assert check.check_repo(each.account.pk, lambda _count: None).damages == []
        repo = Repo.objects.get(pk=each.account.pk)
        story = stream.check_story(repo.pk, each.signed_by)
        assert story == (repo.rev, bytes(repo.data))
    assert_nothing_orphaned(race)


@pytest.mark.long
def test_a_deletion_amid_all_the_others_leaves_nothing(race: Race) -> None:
    roles = [write, bring_in, take_out, prove, moderate, rotate, look]

    def end(race: Race, _dice: random.Random) -> None:
        time.sleep(1.5)
        deletion.delete(race.account)

    def go_on(role: Role) -> Role:
        """The account may be gone by now, as for anybody who comes too late."""

        def played(race: Race, dice: random.Random) -> None:
            try:
                role(race, dice)
            except Account.DoesNotExist:
                time.sleep(0.05)

        played.__name__ = role.__name__
        return played

    race.run([*map(go_on, roles), end], 3)
    RepoDeletion.objects.update(next_attempt_at=timezone.now())
    repo_deletion.queue.sweep()
    assert not Repo.objects.exists()
    left = [model.objects.count() for model in (Record, Node, Blob, BlobUse, RepoDeletion)]
    assert left == [0] * 5
    assert_nothing_orphaned(race)


def assert_nothing_orphaned(race: Race) -> None:
    while quarantine.settle_blobs():
        pass
    garbage_collection.remove_unused_blobs(timedelta(0))
    blob_files.purge(timezone.now() + 2 * blob_files.UNCLAIMED_FOR)
    assert not FileDeletion.objects.exists()
    there = [path for path in race.folder.rglob("*") if path.is_file()]
    files = {str(path.relative_to(race.folder)) for path in there}
    assert files == set(Blob.objects.values_list("key", flat=True))
    idle = connection.rows("SELECT FROM blob WHERE state IN ('staged', 'idle')")
    assert idle == []
