"""Blobs that nobody needs go, rows first; what a crash leaves behind goes too."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from hosting.models import Host
from repos.blobs import blobs, garbage_collection, uploads
from repos.blobs import files as blob_files
from repos.models import Blob, BlobUsage, FileDeletion
from repos.reads import repos
from repos.reads.repos import RepoRow
from tests.unit.repos.blobs.uploads import delete, files, put, upload

pytestmark = pytest.mark.usefixtures("folder")

AT_ONCE = timedelta(0)


def age(ref_cid: bytes, days: int = 2) -> None:
    aged = timezone.now() - timedelta(days=days)
    Blob.objects.filter(cid=ref_cid).update(changed_at=aged)


def test_the_sweep_removes_unused_blobs_past_their_time(repo: RepoRow, folder: Path) -> None:
    put(repo, "a", live := upload(repo, b"live"))
    upload(repo, b"fresh")
    age(upload(repo, b"stale").cid)
    age(live.cid)
    assert garbage_collection.remove_unused_blobs() == 1
    assert {bytes(blob.cid)[-4:] for blob in Blob.objects.all()} >= {live.cid[-4:]}
    assert len(files(folder)) == Blob.objects.count() == 2
    blobs.open_blob(repo, live.cid).file.close()


def test_a_blob_whose_records_are_gone_is_swept_and_counted_out(
    repo: RepoRow, folder: Path
) -> None:
    put(repo, "a", ref := upload(repo, b"hello"))
    delete(repo, "a")
    assert garbage_collection.remove_unused_blobs() == 0
    assert garbage_collection.remove_unused_blobs(AT_ONCE) == 1
    assert files(folder) == []
    usage = BlobUsage.objects.get(repo_id=repo.id)
    assert (usage.used_bytes, usage.blob_count) == (0, 0)
    assert not FileDeletion.objects.exists()
    assert upload(repo, b"hello") == ref


def test_a_sweep_goes_by_batches(repo: RepoRow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage_collection, "BATCH", 2)
    monkeypatch.setattr(blob_files, "BATCH", 2)
    for number in range(5):
        upload(repo, bytes([number]))
    assert garbage_collection.remove_unused_blobs(AT_ONCE) == 5
    assert not FileDeletion.objects.exists()


def test_an_upload_of_known_bytes_saves_them_from_the_sweep(repo: RepoRow) -> None:
    age(upload(repo, b"hello").cid)
    upload(repo, b"hello")
    assert garbage_collection.remove_unused_blobs() == 0


def test_a_crash_between_row_and_file_is_made_good_by_the_next_sweep(
    repo: RepoRow, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    age(upload(repo, b"hello").cid)
    with monkeypatch.context() as crash:
        crash.setattr(blob_files, "remove", _crash)
        with pytest.raises(SystemError):
            garbage_collection.remove_unused_blobs()
    assert (Blob.objects.count(), len(files(folder))) == (0, 1)
    FileDeletion.objects.update(due_at=timezone.now())  # the hour of the claim is over
    garbage_collection.remove_unused_blobs()
    assert (files(folder), FileDeletion.objects.count()) == ([], 0)


def test_a_crash_between_file_and_row_of_an_upload_shows_nothing_and_is_swept(
    repo: RepoRow, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as crash:
        crash.setattr(uploads, "take_over", _crash)
        with pytest.raises(SystemError):
            upload(repo, b"hello")
    assert (Blob.objects.count(), len(files(folder))) == (0, 1)
    garbage_collection.remove_unused_blobs()
    assert len(files(folder)) == 1  # it may be an upload that is still on its way
    blob_files.purge(timezone.now() + blob_files.UNCLAIMED_FOR)
    assert (files(folder), FileDeletion.objects.count()) == ([], 0)


def test_a_failing_file_does_not_keep_others_from_the_purge(
    repo: RepoRow, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(repo, b"one")
    with monkeypatch.context() as crash:
        crash.setattr(blob_files, "remove", _crash)
        with pytest.raises(SystemError):
            garbage_collection.remove_unused_blobs(AT_ONCE)
    upload(repo, b"two")
    assert garbage_collection.remove_unused_blobs(AT_ONCE) == 1
    assert (len(files(folder)), FileDeletion.objects.count()) == (1, 1)


def test_files_without_a_row_are_swept(repo: RepoRow, folder: Path) -> None:
    upload(repo, b"known")
    upload(repo, b"orphan")
    orphan = Blob.objects.order_by("created_at").last()
    assert orphan is not None
    Blob.objects.filter(key=orphan.key).delete()
    assert garbage_collection.remove_unknown_files() == 0
    assert garbage_collection.remove_unknown_files(AT_ONCE) == 1
    assert [str(path.relative_to(folder)) for path in files(folder)] == [Blob.objects.get().key]


def test_a_file_on_its_way_to_a_row_is_not_swept(repo: RepoRow, folder: Path) -> None:
    upload(repo, b"hello")
    blob = Blob.objects.get()
    FileDeletion.objects.create(key=blob.key, due_at=timezone.now() + timedelta(hours=2))
    Blob.objects.filter(key=blob.key).delete()
    assert garbage_collection.remove_unknown_files(AT_ONCE) == 0
    assert len(files(folder)) == 1


def test_files_are_swept_one_shard_at_a_time(repo: RepoRow, folder: Path) -> None:
    upload(repo, b"orphan")
    Blob.objects.all().delete()
    mine = blob_files.shard_of(repo.did)
    others = [shard for shard in garbage_collection.SHARDS if shard != mine]
    assert garbage_collection.remove_unknown_files(AT_ONCE, others) == 0
    assert garbage_collection.remove_unknown_files(AT_ONCE, [mine]) == 1


def test_an_empty_storage_has_nothing_to_sweep(db: None) -> None:
    assert garbage_collection.remove_unknown_files(AT_ONCE) == 0
    assert garbage_collection.remove_unknown_files_in_turn() == 0


def test_a_repo_that_goes_takes_all_its_blobs_along(
    ash: Host, repo: RepoRow, new_account, folder: Path
) -> None:
    put(repo, "a", upload(repo, b"live"))
    upload(repo, b"staged")
    other = repos.find_repo(ash, new_account().did)
    upload(other, b"live")
    assert garbage_collection.clear_repo(repo.id) == 2
    blob_files.purge(timezone.now())
    assert [blob.repo_id for blob in Blob.objects.all()] == [other.id]
    assert len(files(folder)) == 1


def _crash(*_: object) -> None:
    raise SystemError("the process ends here")
