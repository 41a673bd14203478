import random
from pathlib import Path

import pytest

from hosting.models import Host
from protocol import cid
from protocol.errors import InvalidRequest
from repos.blobs import blobs
from repos.blobs.blob_refs import BlobRef
from repos.commits import group_commit, writes
from repos.models import Blob
from repos.reads import repos
from repos.reads.repos import RepoRow
from server.database import connection
from tests.unit.repos.blobs.uploads import THING, files, put, upload, using

pytestmark = pytest.mark.usefixtures("folder")

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + bytes(40)


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
    ref = upload(repos.find_repo(ash, new_account().did), b"hello")
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
    group_commit.apply_writes(repo, [writes.delete(THING, "a")])
    blobs.open_blob(repo, ref.cid).file.close()
    group_commit.apply_writes(repo, [writes.delete(THING, "b")])
    with pytest.raises(blobs.BlobNotFound):
        blobs.open_blob(repo, ref.cid)


def test_a_blob_moved_within_one_commit_stays(repo: RepoRow) -> None:
    put(repo, "a", ref := upload(repo, b"hello"))
    batch = [writes.delete(THING, "a"), writes.create(THING, "b", using(ref))]
    group_commit.apply_writes(repo, batch)
    assert blobs.list_blobs(repo) == [ref.cid]


def test_a_record_made_anew_in_one_commit_keeps_its_blob_and_no_others(repo: RepoRow) -> None:
    kept, dropped, passing = upload(repo, b"kept"), upload(repo, b"dropped"), upload(repo, b"pass")
    put(repo, "a", kept, dropped)
    batch = [
        writes.delete(THING, "a"),
        writes.create(THING, "a", using(passing)),
        writes.update(THING, "a", using(kept)),
    ]
    group_commit.apply_writes(repo, batch)
    assert blobs.list_blobs(repo) == [kept.cid]
    put(repo, "b", passing)


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
        group_commit.apply_writes(repo, [writes.create(THING, "a", using(ref))])
    assert Blob.objects.get().state == "staged"


def test_blobs_page_in_the_order_of_their_cids_and_since_a_rev(repo: RepoRow) -> None:
    refs = sorted((upload(repo, bytes([n])) for n in range(5)), key=lambda r: cid.to_text(r.cid))
    for ref in refs[:4]:
        put(repo, ref.cid.hex(), ref)
    rev = repos.find_repo(Host.objects.get(), repo.did).rev
    put(repo, "last", refs[4])
    page = blobs.list_blobs(repo, limit=3)
    assert page + blobs.list_blobs(repo, 3, page[-1]) == [ref.cid for ref in refs]
    assert blobs.list_blobs(repo, since=rev) == [refs[4].cid]


def test_the_database_orders_cids_as_their_text(repo: RepoRow) -> None:
    chance = random.Random(1)
    starts = [bytes([byte]) * length for byte in (0, 0xD6, 0xFF) for length in (0, 1, 31, 32)]
    digests = [(start + chance.randbytes(32))[:32] for start in starts * 20]
    cids = list({cid.raw_from_digest(digest) for digest in digests})
    found = connection.rows("SELECT c FROM unnest(%b::bytea[]) c ORDER BY cid_order(c)", (cids,))
    assert [cid.to_text(each) for (each,) in found] == sorted(map(cid.to_text, cids))


def test_a_blob_without_its_file_is_not_found(repo: RepoRow, folder: Path) -> None:
    put(repo, "a", ref := upload(repo, b"hello"))
    files(folder)[0].unlink()
    with pytest.raises(blobs.BlobNotFound):
        blobs.open_blob(repo, ref.cid)


def test_the_check_of_a_blob_asks_for_its_file(repo: RepoRow, folder: Path) -> None:
    ref = upload(repo, b"hello")
    assert blobs.has_file(repo.host_id, repo.did, ref.cid)
    assert not blobs.has_file(repo.host_id + 1, repo.did, ref.cid)
    files(folder)[0].unlink()
    assert not blobs.has_file(repo.host_id, repo.did, ref.cid)
