import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from hosting.models import Host
from protocol import cid
from protocol.errors import InvalidRequest
from repos import blobs, commits, reads, sweeping, writes
from repos.blob_refs import BlobRef
from repos.models import Blob
from repos.reads import RepoRow

THING = "com.example.thing"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + bytes(40)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    backend = {**settings.STORAGES["blobs"], "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "blobs": backend}
    assert storages["blobs"].location == str(tmp_path)
    return tmp_path


def upload(repo: RepoRow, data: bytes, mime_type: str | None = "text/plain") -> BlobRef:
    return blobs.stage(repo, io.BytesIO(data), mime_type, len(data), 1_000_000)


def using(*refs: BlobRef) -> dict[str, object]:
    return {
        "blobs": [
            {
                "$type": "blob",
                "ref": {"$link": cid.to_text(ref.cid)},
                "mimeType": ref.mime_type,
                "size": ref.size,
            }
            for ref in refs
        ]
    }


def put(repo: RepoRow, rkey: str, *refs: BlobRef) -> None:
    commits.apply_writes(repo, [writes.put(THING, rkey, using(*refs))])


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_an_upload_is_named_by_its_bytes_and_measured(repo: RepoRow) -> None:
    assert upload(repo, b"hello") == BlobRef(cid.of_raw(b"hello"), "text/plain", 5)


def test_a_file_lies_under_tenant_and_did(ash: Host, repo: RepoRow, folder: Path) -> None:
    ref = upload(repo, b"hello")
    path = folder / str(ash.tenant_id) / repo.did / cid.to_text(ref.cid)
    assert path.read_bytes() == b"hello"


@pytest.mark.parametrize(
    ("data", "declared", "expected"),
    [
        (PNG, "text/plain", "image/png"),
        (JPEG, None, "image/jpeg"),
        (b'{"a":"b"}', "text/plain", "text/plain"),
        (b"BM is how this sentence begins", "text/plain", "text/plain"),
        (b"zz", "test/fake; charset=utf-8", "test/fake"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text/plain", "text/plain"),
        (b"", None, "application/octet-stream"),
    ],
)
def test_the_first_bytes_decide_the_type_of_media(
    repo: RepoRow, data: bytes, declared: str | None, expected: str
) -> None:
    assert upload(repo, data, declared).mime_type == expected


def test_more_than_the_limit_is_refused_and_leaves_nothing(repo: RepoRow, folder: Path) -> None:
    for declared in (None, 11):
        with pytest.raises(blobs.PayloadTooLarge):
            blobs.stage(repo, io.BytesIO(b"x" * 11), None, declared, 10)
    assert (files(folder), Blob.objects.count()) == ([], 0)


def test_a_length_that_was_not_true_is_refused(repo: RepoRow, folder: Path) -> None:
    with pytest.raises(InvalidRequest):
        blobs.stage(repo, io.BytesIO(b"hello"), None, 6, 100)
    assert (files(folder), Blob.objects.count()) == ([], 0)


def test_a_client_that_goes_away_leaves_nothing(repo: RepoRow, folder: Path) -> None:
    class Gone(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if chunk := super().read(3):
                return chunk
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        blobs.stage(repo, Gone(b"hello"), None, None, 100)
    assert (files(folder), Blob.objects.count()) == ([], 0)


def test_the_same_bytes_again_give_the_same_reference(repo: RepoRow, folder: Path) -> None:
    assert upload(repo, b"hello", "text/plain") == upload(repo, b"hello", "text/html")
    assert len(files(folder)) == 1


def test_a_staged_blob_is_neither_served_nor_listed(repo: RepoRow) -> None:
    ref = upload(repo, b"hello")
    assert blobs.list_blobs(repo) == []
    with pytest.raises(blobs.BlobNotFound):
        blobs.open_blob(repo, ref.cid)


def test_a_blob_in_a_record_is_served_and_listed(repo: RepoRow) -> None:
    put(repo, "a", ref := upload(repo, b"hello"))
    opened = blobs.open_blob(repo, ref.cid)
    with opened.file as file:
        assert (file.read(), opened.ref) == (b"hello", ref)
    assert blobs.list_blobs(repo) == [ref.cid]


def test_a_blob_of_another_repo_cannot_be_referred_to(repo: RepoRow, ash, new_account) -> None:
    ref = upload(reads.find_repo(ash, new_account().did), b"hello")
    with pytest.raises(blobs.BlobNotFound):
        put(repo, "a", ref)


@pytest.mark.parametrize(
    ("mime_type", "size", "error"),
    [("image/png", 5, blobs.InvalidMimeType), ("text/plain", 6, blobs.InvalidSize)],
)
def test_a_record_must_tell_the_truth_about_a_blob(
    repo: RepoRow, mime_type: str, size: int, error: type[Exception]
) -> None:
    ref = upload(repo, b"hello")
    with pytest.raises(error):
        put(repo, "a", BlobRef(ref.cid, mime_type, size))


def test_the_last_reference_takes_the_blob_with_it(repo: RepoRow) -> None:
    ref = upload(repo, b"hello")
    put(repo, "a", ref)
    put(repo, "b", ref, upload(repo, b"other"))
    commits.apply_writes(repo, [writes.delete(THING, "a")])
    blobs.open_blob(repo, ref.cid).file.close()
    commits.apply_writes(repo, [writes.delete(THING, "b")])
    with pytest.raises(blobs.BlobNotFound):
        blobs.open_blob(repo, ref.cid)


def test_a_blob_moved_within_one_commit_stays(repo: RepoRow) -> None:
    put(repo, "a", ref := upload(repo, b"hello"))
    batch = [writes.delete(THING, "a"), writes.create(THING, "b", using(ref))]
    commits.apply_writes(repo, batch)
    assert blobs.list_blobs(repo) == [ref.cid]


def test_a_new_value_keeps_the_blobs_it_names_and_releases_the_others(repo: RepoRow) -> None:
    kept, dropped = upload(repo, b"kept"), upload(repo, b"dropped")
    put(repo, "a", kept, dropped)
    put(repo, "a", kept)
    assert blobs.list_blobs(repo) == [kept.cid]
    put(repo, "b", dropped)
    assert sorted(blobs.list_blobs(repo)) == sorted([kept.cid, dropped.cid])


def test_a_refused_commit_leaves_its_blob_staged(repo: RepoRow) -> None:
    ref = upload(repo, b"hello")
    put(repo, "a")
    with pytest.raises(InvalidRequest):
        commits.apply_writes(repo, [writes.create(THING, "a", using(ref))])
    assert Blob.objects.get().state == "staged"


def test_blobs_page_in_the_order_of_their_cids_and_since_a_rev(repo: RepoRow) -> None:
    refs = sorted((upload(repo, bytes([n])) for n in range(5)), key=lambda ref: ref.cid)
    for ref in refs[:4]:
        put(repo, ref.cid.hex(), ref)
    rev = reads.find_repo(Host.objects.get(), repo.did).rev
    put(repo, "last", refs[4])
    page = blobs.list_blobs(repo, limit=3)
    assert page + blobs.list_blobs(repo, 3, page[-1]) == [ref.cid for ref in refs]
    assert blobs.list_blobs(repo, since=rev) == [refs[4].cid]


def test_the_sweep_removes_unused_blobs_past_their_time(repo: RepoRow, folder: Path) -> None:
    put(repo, "a", live := upload(repo, b"live"))
    upload(repo, b"fresh")
    upload(repo, b"stale")
    stale = Blob.objects.filter(repo_id=repo.id, cid=cid.of_raw(b"stale"))
    stale.update(changed_at=timezone.now() - timedelta(days=2))
    assert sweeping.sweep_blobs() == 1
    assert (not stale.exists(), len(files(folder))) == (True, 2)
    assert sweeping.sweep_blobs() == 0
    blobs.open_blob(repo, live.cid).file.close()


def test_an_upload_whose_file_was_swept_meanwhile_is_stored_again(
    repo: RepoRow, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(repo, b"hello")
    original = blobs.database.row

    def sweep_in_between(sql: str, params: tuple) -> object:
        if "INSERT INTO blob" in sql:
            files(folder)[0].unlink()
        return original(sql, params)

    monkeypatch.setattr(blobs.database, "row", sweep_in_between)
    upload(repo, b"hello")
    assert len(files(folder)) == 1


def test_files_without_a_row_are_swept(repo: RepoRow, folder: Path) -> None:
    upload(repo, b"known")
    upload(repo, b"orphan")
    Blob.objects.filter(repo_id=repo.id, cid=cid.of_raw(b"orphan")).delete()
    assert sweeping.sweep_files() == 0
    assert sweeping.sweep_files(unused_for=timedelta(0)) == 1
    assert [path.name for path in files(folder)] == [cid.to_text(cid.of_raw(b"known"))]
