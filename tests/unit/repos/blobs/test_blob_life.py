"""Random lives of blobs, two accounts and two records each, held against a model of ten lines."""

import random
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from hosting.models import Host
from repos.blobs import blobs, garbage_collection, quarantine, upload_admission
from repos.blobs import files as blob_files
from repos.blobs.blob_refs import BlobRef
from repos.commits import group_commit, writes
from repos.models import Blob, BlobUsage, FileDeletion
from repos.reads.repos import RepoRow, find_repo
from tests.unit.repos.blobs.uploads import THING, files, upload, using

pytestmark = pytest.mark.usefixtures("folder")

CONTENTS = (b"one", b"two" * 400, b"three" * 9_000)
RKEYS = ("a", "b")
STEPS = 40


class Life:
    """What ought to be: which bytes are here, which of them are down, and what records say."""

    def __init__(self, repo: RepoRow, chance: random.Random) -> None:
        self.repo, self.chance = repo, chance
        self.kept: dict[bytes, BlobRef] = {}
        self.down: set[bytes] = set()
        self.records: dict[str, set[bytes]] = defaultdict(set)

    def step(self) -> None:
        steps = (self.upload, self.upload, self.put, self.put, self.delete, self.take_down)
        self.chance.choice((*steps, self.restore, self.settle))()

    def upload(self) -> None:
        data = self.chance.choice(CONTENTS)
        if data in self.down:
            with pytest.raises(upload_admission.BlobTakendown):
                upload(self.repo, data)
        else:
            self.kept[data] = upload(self.repo, data)

    def put(self) -> None:
        rkey, named = self.chance.choice(RKEYS), set(self.chance.sample(CONTENTS, 2))
        named &= self.kept.keys()
        record = using(*(self.kept[data] for data in sorted(named)))
        write = writes.put(THING, rkey, {**record, "n": self.chance.randrange(1_000_000)})
        if named & self.down:
            with pytest.raises(blobs.BlobNotFound):
                group_commit.apply_writes(self.repo, [write])
        else:
            group_commit.apply_writes(self.repo, [write])
            self.records[rkey] = named

    def delete(self) -> None:
        rkey = self.chance.choice(RKEYS)
        group_commit.apply_writes(self.repo, [writes.discard(THING, rkey)])
        self.records.pop(rkey, None)

    def take_down(self) -> None:
        for data in self.chance.sample(sorted(self.kept), min(1, len(self.kept))):
            quarantine.quarantine(self.repo, self.kept[data].cid)
            self.down.add(data)

    def restore(self) -> None:
        for data in self.chance.sample(sorted(self.down), min(1, len(self.down))):
            quarantine.release(self.repo, self.kept[data].cid)
            self.down.remove(data)

    def settle(self) -> None:
        quarantine.settle_blobs()

    @property
    def used(self) -> set[bytes]:
        return set().union(*self.records.values())

    def check(self) -> None:
        """Exactly the bytes that are used and not down are served, and those unchanged."""
        for data, ref in self.kept.items():
            if data in self.used - self.down:
                with blobs.open_blob(self.repo, ref.cid).file as file:
                    assert file.read() == data
            else:
                with pytest.raises(blobs.BlobNotFound):
                    blobs.open_blob(self.repo, ref.cid)
        listed = blobs.list_blobs(self.repo)
        assert set(listed) == {self.kept[data].cid for data in self.used}

    def forget_unused(self) -> None:
        """What a sweep without patience leaves."""
        stay = self.used | self.down
        self.kept = {data: ref for data, ref in self.kept.items() if data in stay}


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_the_right_blobs_are_served_and_nothing_leaks(
    seed: int, ash: Host, new_account, folder: Path
) -> None:
    chance = random.Random(seed)
    lives = [Life(find_repo(ash, new_account().did), chance) for _ in range(2)]
    for _ in range(STEPS):
        life = chance.choice(lives)
        life.step()
        life.check()
    end(lives, folder)


def end(lives: list[Life], folder: Path) -> None:
    """After the sweep there is one file a row, in its place, and the usage adds up."""
    quarantine.settle_blobs()
    garbage_collection.remove_unused_blobs(timedelta(0))
    blob_files.purge(timezone.now() + blob_files.UNCLAIMED_FOR)
    for life in lives:
        life.forget_unused()
        life.check()
        usage = BlobUsage.objects.filter(repo_id=life.repo.id).values_list("used_bytes", flat=True)
        assert sum(usage) == sum(len(data) for data in life.kept)
    keys = {str(path.relative_to(folder)) for path in files(folder)}
    assert keys == set(Blob.objects.values_list("key", flat=True))
    assert {key for key in keys if key.startswith("quarantine/")} == set(
        Blob.objects.filter(state="quarantined").values_list("key", flat=True)
    )
    assert not FileDeletion.objects.exists()
