"""A blob taken down is out of everybody's sight, durably, and comes back byte for byte."""

from pathlib import Path

import pytest
from django.utils import timezone

from hosting.models import Host
from repos.blobs import blobs, garbage_collection, quarantine, upload_admission
from repos.blobs import files as blob_files
from repos.commits import group_commit, writes
from repos.models import Blob, FileDeletion
from repos.reads import repos
from repos.reads.repos import RepoRow
from tests.unit.repos.blobs.uploads import THING, delete, files, put, upload, using

pytestmark = [pytest.mark.usefixtures("folder"), pytest.mark.django_db(transaction=True)]

BYTES = bytes(range(256)) * 1000


def served(repo: RepoRow, blob_cid: bytes) -> bytes:
    with blobs.open_blob(repo, blob_cid).file as file:
        return file.read()


def places(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).parts[0] for path in files(folder))


def test_a_quarantined_blob_is_not_served_and_its_bytes_are_elsewhere(
    repo: RepoRow, folder: Path
) -> None:
    put(repo, "a", ref := upload(repo, BYTES))
    quarantine.quarantine(repo, ref.cid)
    with pytest.raises(blobs.BlobNotFound):
        blobs.open_blob(repo, ref.cid)
    assert places(folder) == ["quarantine"]
    assert quarantine.is_quarantined(repo, ref.cid)


def test_a_released_blob_is_what_it_was(repo: RepoRow, folder: Path) -> None:
    put(repo, "a", ref := upload(repo, BYTES))
    quarantine.quarantine(repo, ref.cid)
    quarantine.release(repo, ref.cid)
    assert served(repo, ref.cid) == BYTES
    assert places(folder) == ["public"]
    assert not FileDeletion.objects.exists()


def test_both_verbs_may_be_repeated(repo: RepoRow, folder: Path) -> None:
    put(repo, "a", ref := upload(repo, BYTES))
    for verb in (quarantine.release, *[quarantine.quarantine] * 2):
        verb(repo, ref.cid)
    assert places(folder) == ["quarantine"]
    for _ in range(2):
        quarantine.release(repo, ref.cid)
    assert served(repo, ref.cid) == BYTES


def test_quarantined_bytes_cannot_be_uploaded_again(repo: RepoRow, folder: Path) -> None:
    ref = upload(repo, BYTES)
    quarantine.quarantine(repo, ref.cid)
    with pytest.raises(upload_admission.BlobTakendown, match="takendown, cannot re-upload"):
        upload(repo, BYTES)
    assert places(folder) == ["quarantine"]


def test_a_takedown_during_the_upload_of_the_same_bytes_wins(
    repo: RepoRow, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = blob_files.write_scheduled

    def write_after_takedown(key: str, file) -> None:
        monkeypatch.setattr(blob_files, "write_scheduled", original)
        quarantine.quarantine(repo, upload(repo, BYTES).cid)
        original(key, file)

    monkeypatch.setattr(blob_files, "write_scheduled", write_after_takedown)
    with pytest.raises(upload_admission.BlobTakendown):
        upload(repo, BYTES)
    assert places(folder) == ["quarantine"]


def test_no_record_may_refer_to_a_quarantined_blob(repo: RepoRow) -> None:
    put(repo, "a", ref := upload(repo, BYTES))
    quarantine.quarantine(repo, ref.cid)
    for rkey in ("a", "b"):
        with pytest.raises(blobs.BlobNotFound, match="Could not find blob: bafkrei"):
            group_commit.apply_writes(repo, [writes.put(THING, rkey, {**using(ref), "n": 1})])


def test_a_takedown_in_the_middle_of_a_commit_wins(
    repo: RepoRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = upload(repo, BYTES)
    quarantine.quarantine(repo, ref.cid)
    monkeypatch.setattr(blobs, "check_uploaded", lambda *_: None)  # it was fine a moment ago
    with pytest.raises(blobs.BlobNotFound, match="Could not find blob"):
        put(repo, "a", ref)
    assert quarantine.is_quarantined(repo, ref.cid)


def test_quarantine_outlives_the_records_and_the_sweep(repo: RepoRow, folder: Path) -> None:
    put(repo, "a", ref := upload(repo, BYTES))
    quarantine.quarantine(repo, ref.cid)
    delete(repo, "a")
    Blob.objects.update(changed_at=timezone.now() - 2 * garbage_collection.UNUSED_FOR)
    assert garbage_collection.remove_unused_blobs() == 0
    quarantine.release(repo, ref.cid)
    assert Blob.objects.get().state == "idle"
    assert places(folder) == ["public"]


def test_a_blob_nobody_uploaded_has_nothing_to_take_down(repo: RepoRow) -> None:
    for verb in (
        quarantine.quarantine,
        quarantine.release,
        quarantine.is_quarantined,
    ):
        with pytest.raises(blobs.BlobNotFound):
            verb(repo, b"\x01\x55\x12\x20" + bytes(32))


def test_another_account_keeps_the_same_bytes(repo: RepoRow, ash: Host, new_account) -> None:
    other = repos.find_repo(ash, new_account().did)
    for one in (repo, other):
        put(one, "a", ref := upload(one, BYTES))
    quarantine.quarantine(repo, ref.cid)
    assert served(other, ref.cid) == BYTES
    assert upload(other, BYTES) == ref


def test_a_storage_that_fails_hides_the_blob_all_the_same_and_is_tried_again(
    repo: RepoRow, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(repo, "a", ref := upload(repo, BYTES))
    with monkeypatch.context() as broken:
        broken.setattr(blob_files, "write", _fail)
        quarantine.quarantine(repo, ref.cid)
    assert places(folder) == ["public"]
    with pytest.raises(blobs.BlobNotFound):
        blobs.open_blob(repo, ref.cid)
    assert quarantine.settle_blobs() == 1
    assert quarantine.settle_blobs() == 0
    assert places(folder) == ["quarantine"]


def test_a_released_blob_is_served_before_its_bytes_are_back(
    repo: RepoRow, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(repo, "a", ref := upload(repo, BYTES))
    quarantine.quarantine(repo, ref.cid)
    monkeypatch.setattr(blob_files, "write", _fail)
    quarantine.release(repo, ref.cid)
    assert (served(repo, ref.cid) == BYTES, places(folder)) == (True, ["quarantine"])


@pytest.mark.parametrize("step", ["write", "remove"])
def test_a_crash_on_the_way_to_quarantine_leaks_nothing(
    repo: RepoRow, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    put(repo, "a", ref := upload(repo, BYTES))
    original = getattr(blob_files, step)

    def crash_after(*parts: object) -> None:
        if step == "write":
            original(*parts)
        _fail()

    with monkeypatch.context() as crash:
        crash.setattr(blob_files, step, crash_after)
        quarantine.quarantine(repo, ref.cid)
    assert len(files(folder)) == 2  # the original and its copy, one of them to be deleted
    quarantine.settle_blobs()
    blob_files.purge(timezone.now() + blob_files.UNCLAIMED_FOR)
    assert (places(folder), FileDeletion.objects.count()) == (["quarantine"], 0)


def test_a_reader_in_the_middle_of_a_move_finds_the_new_place(
    repo: RepoRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(repo, "a", ref := upload(repo, BYTES))
    storage = blob_files.storage()
    original = storage.open

    def move_first(key: str, mode: str):
        monkeypatch.setattr(storage, "open", original)
        quarantine.quarantine(repo, ref.cid)
        quarantine.release(repo, ref.cid)
        return original(key, mode)

    monkeypatch.setattr(storage, "open", move_first)
    assert served(repo, ref.cid) == BYTES


def test_files_that_are_lost_do_not_stop_the_others(repo: RepoRow, folder: Path) -> None:
    refs = [upload(repo, bytes([number])) for number in range(2)]
    Blob.objects.filter(cid=refs[0].cid).update(key="public/lost")
    Blob.objects.update(state="quarantined")
    assert quarantine.settle_blobs() == 1


def _fail(*_: object) -> None:
    raise OSError("the storage is away")
