"""Random lives of a repo, held against a model of a few lines: batches, likes of one subject,
imports, takedowns, new keys. After each step readers see what the model says; at the end every
event follows from the one before and the repo is whole."""

import json
import random

import pytest
from django.db import transaction

from accounts import signals, status
from accounts.identity.keys import signing_keys
from accounts.models import Account
from accounts.status import AccountTakedown
from hosting.models import Host
from protocol import cbor, cid
from repos.commits import group_commit, writes
from repos.commits.writes import Write
from repos.imports import car_file, importing
from repos.lifecycle import record_takedowns
from repos.maintenance import check as checks
from repos.models import RecordTakedown, Repo
from repos.reads import record_pages, repos
from repos.state import heads, long_reads, nodes
from tests.factories import open_account
from tests.unit.repos.events.firehose import stream
from tests.unit.repos.imports.test_round_trips import foreign_car

pytestmark = pytest.mark.django_db(transaction=True)

THING, FOLLOW = "com.example.thing", "app.bsky.graph.follow"
RKEYS = [f"k{number}" for number in range(12)]
DIDS = [f"did:plc:{letter * 24}" for letter in "abc"]
STEPS = 60


class Life:
    """What ought to be: the records and their values' CIDs, and which of them are hidden."""

    def __init__(self, account: Account, chance: random.Random) -> None:
        self.account, self.chance = account, chance
        self.repo = repos.find_repo(account.host, account.did)
        self.signed_by = [account.signing_did_key]
        self.records: dict[tuple[str, str], bytes] = {}
        self.follows: dict[str, str] = {}  # rkey: whom
        self.hidden: set[str] = set()

    def step(self) -> None:
        usual = (self.batch,) * 5 + (self.follow,) * 3 + (self.hide,) * 2
        rare = (self.show, self.unfollow, self.bring_in, self.rotate, self.suspend, self.forget)
        self.chance.choice((*usual, *rare))()

    def batch(self) -> None:
        """Puts and deletes of things; what is not there is not deleted."""
        batch: list[Write] = []
        for rkey in self.chance.sample(RKEYS, self.chance.choice([1, 1, 2, 6])):
            if (THING, rkey) in self.records and self.chance.random() < 0.4:
                batch.append(writes.delete(THING, rkey))
            else:
                batch.append(writes.put(THING, rkey, {"n": self.chance.randrange(4)}))
        group_commit.apply_writes(self.repo, batch)
        self.take(batch)

    def follow(self) -> None:
        """A second follow of somebody takes the place of the first."""
        whom = self.chance.choice(DIDS)
        record = {"subject": whom, "createdAt": "2026-11-22T12:00:00Z"}
        write = writes.create(FOLLOW, None, record)
        group_commit.apply_writes(self.repo, [write])
        for rkey in [rkey for rkey, known in self.follows.items() if known == whom]:
            del self.follows[rkey], self.records[FOLLOW, rkey]
        self.follows[write.rkey] = whom
        self.take([write])

    def unfollow(self) -> None:
        for rkey in self.chance.sample(sorted(self.follows), min(1, len(self.follows))):
            del self.follows[rkey]
            write = writes.delete(FOLLOW, rkey)
            group_commit.apply_writes(self.repo, [write])
            self.take([write])

    def take(self, batch: list[Write]) -> None:
        for write in batch:
            self.records.pop((write.collection, write.rkey), None)
            if write.cid is not None:
                self.records[write.collection, write.rkey] = write.cid
        self.hidden = {rkey for rkey in self.hidden if (THING, rkey) in self.records}

    def hide(self) -> None:
        rkey = self.chance.choice(RKEYS)
        record_takedowns.take_down(self.repo, THING, rkey)
        self.hidden |= {rkey} if (THING, rkey) in self.records else set()

    def show(self) -> None:
        rkey = self.chance.choice(RKEYS)
        record_takedowns.restore(self.repo, THING, rkey)
        self.hidden.discard(rkey)

    def bring_in(self) -> None:
        """The repo becomes what the CAR says."""
        rkeys = self.chance.sample(RKEYS, 5)
        values = {f"{THING}/{rkey}": {"n": self.chance.randrange(4)} for rkey in rkeys}
        with car_file.receive([foreign_car(self.account.did, values)]) as received:
            importing.import_repo(self.repo.id, received, lambda _count: None)
        self.records.clear()
        self.follows.clear()
        for path, value in values.items():
            self.records[THING, path.rpartition("/")[2]] = cid.of_dag_cbor(cbor.encode(value))
        self.take([])

    def rotate(self) -> None:
        with transaction.atomic():
            new = signing_keys.new_signing_key(self.account.host, self.account.did)
            self.account.signing_did_key = new.did_key
            self.account.save(update_fields=["signing_did_key"])
            signals.signing_key_changed.send(sender=Account, account=self.account)
        self.signed_by.append(self.account.signing_did_key)

    def suspend(self) -> None:
        status.take_down(self.account)
        with pytest.raises(AccountTakedown):
            group_commit.apply_writes(self.repo, [writes.put(THING, "k1", {"n": 9})])
        status.restore(self.account)

    def forget(self) -> None:
        """Another process knows nothing of this one's memory."""
        nodes.CACHE.clear()
        heads.REMEMBERED.clear()

    def check(self) -> None:
        shown = {
            (collection, record["uri"].rsplit("/", 1)[1]): record["cid"]
            for collection in (THING, FOLLOW)
            for record in self.page(collection)
        }
        expected = {
            path: cid.to_text(value)
            for path, value in self.records.items()
            if path not in {(THING, rkey) for rkey in self.hidden}
        }
        assert shown == expected

    def page(self, collection: str) -> list[dict[str, str]]:
        text = record_pages.list_records(self.account.host, self.account.did, collection)
        records: list[dict[str, str]] = json.loads(text)["records"]
        return records


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_readers_see_the_model_and_the_story_is_whole(
    seed: int, ash: Host, settings, tmp_path
) -> None:
    settings.DATA_DIR = tmp_path
    life = Life(open_account(ash), random.Random(seed))
    for _ in range(STEPS):
        life.step()
        life.check()
    repo = Repo.objects.get(pk=life.repo.id)
    assert stream.check_story(repo.pk, life.signed_by) == (repo.rev, bytes(repo.data))
    assert checks.check_repo(repo.pk, lambda _count: None).damages == []
    assert repo.record_count == len(life.records)
    hidden = RecordTakedown.objects.filter(repo_id=repo.pk)
    assert set(hidden.values_list("rkey", flat=True)) == life.hidden
    assert repo.has_takedowns == bool(life.hidden)
    long_reads.close_idle()
