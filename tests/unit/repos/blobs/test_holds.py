"""Held blobs outlive their record, their row and their repo; nobody fetches them; holds end."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.lifecycle import deletion
from repos.blobs import blobs, garbage_collection, holds
from repos.blobs.blobs import BlobNotFound
from repos.blobs.holds import Bounds
from repos.lifecycle import deletion as repo_deletion
from repos.models import BlobHold, BlobUsage
from repos.reads.repos import RepoRow
from tests.unit.repos.blobs.uploads import delete, files, put, upload

pytestmark = pytest.mark.usefixtures("folder")
AT_ONCE = timedelta(0)
MUCH = Bounds(blob_count=20, bytes=1_000_000)


def hold(repo: RepoRow, *cids: bytes, days: int = 180, bounds: Bounds = MUCH) -> int:
    with transaction.atomic():
        return holds.hold(repo.id, cids, timezone.now() + timedelta(days=days), bounds)


def read(repo: RepoRow, blob_cid: bytes) -> bytes:
    with holds.open_held(repo.id, blob_cid).file as file:
        return file.read()


def test_a_held_blob_outlives_the_sweep_and_nobody_can_fetch_it(repo: RepoRow, folder: Path):
    put(repo, "a", ref := upload(repo, b"hello"))
    assert hold(repo, ref.cid) == 5
    delete(repo, "a")
    assert garbage_collection.remove_unused_blobs(AT_ONCE) == 1
    assert garbage_collection.remove_unknown_files(AT_ONCE) == 0
    assert read(repo, ref.cid) == b"hello"
    with pytest.raises(BlobNotFound):
        blobs.open_blob(repo, ref.cid)
    assert BlobUsage.objects.get(repo_id=repo.id).used_bytes == 0  # the owner's quota is free


@pytest.mark.django_db(transaction=True)
def test_a_held_blob_outlives_its_repo(account, repo: RepoRow, folder: Path):
    put(repo, "a", held := upload(repo, b"hello"), other := upload(repo, b"other"))
    hold(repo, held.cid)
    deletion.delete(account)
    repo_deletion.clear(repo.id)
    assert len(files(folder)) == 1
    assert read(repo, held.cid) == b"hello"
    with pytest.raises(BlobNotFound):
        read(repo, other.cid)


def test_a_hold_that_is_over_lets_the_file_go(repo: RepoRow, folder: Path):
    put(repo, "a", ref := upload(repo, b"hello"))
    hold(repo, ref.cid)
    delete(repo, "a")
    garbage_collection.remove_unused_blobs(AT_ONCE)
    BlobHold.objects.update(held_until=timezone.now())
    garbage_collection.remove_unused_blobs(AT_ONCE)
    assert files(folder) == []
    assert not BlobHold.objects.exists()


def test_the_end_of_a_hold_leaves_a_blob_that_is_in_use(repo: RepoRow, folder: Path):
    put(repo, "a", ref := upload(repo, b"hello"))
    hold(repo, ref.cid, days=-1)
    garbage_collection.remove_unused_blobs(AT_ONCE)
    blobs.open_blob(repo, ref.cid).file.close()


def test_the_same_bytes_uploaded_anew_are_the_owners_own(repo: RepoRow, folder: Path):
    put(repo, "a", ref := upload(repo, b"hello"))
    hold(repo, ref.cid)
    delete(repo, "a")
    garbage_collection.remove_unused_blobs(AT_ONCE)
    put(repo, "b", upload(repo, b"hello"))
    blobs.open_blob(repo, ref.cid).file.close()
    delete(repo, "b")
    garbage_collection.remove_unused_blobs(AT_ONCE)
    assert len(files(folder)) == 1
    assert read(repo, ref.cid) == b"hello"


def test_a_hold_again_never_ends_earlier(repo: RepoRow):
    put(repo, "a", ref := upload(repo, b"hello"))
    hold(repo, ref.cid, days=9)
    until = BlobHold.objects.get().held_until
    hold(repo, ref.cid, days=3)
    assert BlobHold.objects.get().held_until == until


@pytest.mark.parametrize(("bounds", "kept"), [(Bounds(1, 99), 1), (Bounds(9, 3), 3), (MUCH, 6)])
def test_a_hold_keeps_no_more_than_it_may(repo: RepoRow, bounds: Bounds, kept: int):
    put(repo, "a", *(refs := [upload(repo, b"x" * size) for size in (3, 2, 1)]))
    assert hold(repo, *(ref.cid for ref in refs), bounds=bounds) == kept
