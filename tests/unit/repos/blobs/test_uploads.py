import io
import random
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from hosting.models import Host, Tenant, TenantUsage
from hosting.plans import quotas
from protocol import atjson, car, cid, mst
from protocol.errors import InvalidRequest
from protocol.keys import SigningKey
from protocol.repo import commit
from repos.blobs import blobs, upload_admission, uploads
from repos.blobs import files as blob_files
from repos.blobs.blob_refs import BlobRef
from repos.commits import group_commit, writes
from repos.imports import car_file, importing
from repos.models import Blob, BlobUsage, BlobUse, FileDeletion
from repos.reads import repos
from repos.reads.repos import RepoRow
from server.database import connection
from tests.unit.repos.blobs.uploads import THING, files, put, upload, using

pytestmark = pytest.mark.usefixtures("folder")

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + bytes(40)


def test_an_upload_is_named_by_its_bytes_and_measured(repo: RepoRow) -> None:
    assert upload(repo, b"hello") == BlobRef(cid.of_raw(b"hello"), "text/plain", 5)


@pytest.mark.parametrize("size", [0, 1, 2**20 - 1, 2**20, 2**20 + 1, 3 * 2**20 + 5])
def test_what_is_stored_is_what_was_sent_in_however_many_pieces(repo: RepoRow, size: int) -> None:
    data = random.Random(size).randbytes(size)
    ref = uploads.stage(repo, io.BytesIO(data), "text/plain", size, size)
    group_commit.apply_writes(repo, [writes.put(THING, "k", using(ref))])
    with blobs.open_blob(repo, cid.of_raw(data)).file as file:
        assert (ref.size, file.read()) == (size, data)


def test_bytes_that_lie_in_a_file_already_are_not_written_down_again(
    repo: RepoRow, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path / "data"
    data = random.Random(1).randbytes(3 * 2**20)
    (body := tmp_path / "body").write_bytes(data)
    with body.open("rb") as file:
        ref = uploads.stage(repo, file, "text/plain", len(data), len(data), file)
    put(repo, "a", ref)
    with blobs.open_blob(repo, cid.of_raw(data)).file as stored:
        assert stored.read() == data
    assert not (tmp_path / "data" / "temporary").exists()


def test_bytes_in_a_file_are_counted_as_all_others_are(repo: RepoRow) -> None:
    file = io.BytesIO(b"x" * 11)
    with pytest.raises(upload_admission.BlobTooLarge):
        uploads.stage(repo, file, None, None, 10, file)


def test_a_file_lies_under_tenant_shard_and_did(ash: Host, repo: RepoRow, folder: Path) -> None:
    ref = upload(repo, b"hello")
    shard = blob_files.shard_of(repo.did)
    place = folder / "public" / str(ash.tenant_id) / shard / repo.did
    (file,) = place.iterdir()
    assert file.name.startswith(cid.to_text(ref.cid))
    assert file.read_bytes() == b"hello"


@pytest.mark.parametrize(
    ("data", "declared", "expected"),
    [
        (PNG, "text/plain", "image/png"),
        (JPEG, None, "image/jpeg"),
        (b"{}", "Text/HTML; charset=utf-8", "text/html"),
        (b"{}", "\x00 image/png", "application/octet-stream"),
        (b"{}", "text/html\r\nX: y", "application/octet-stream"),
        (b"{}", "image", "application/octet-stream"),
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
        with pytest.raises(upload_admission.BlobTooLarge):
            uploads.stage(repo, io.BytesIO(b"x" * 11), None, declared, 10)
    assert (files(folder), Blob.objects.count()) == ([], 0)


def test_a_length_that_was_not_true_is_refused(repo: RepoRow, folder: Path) -> None:
    with pytest.raises(InvalidRequest):
        uploads.stage(repo, io.BytesIO(b"hello"), None, 6, 100)
    assert (files(folder), Blob.objects.count()) == ([], 0)


def test_a_client_that_goes_away_leaves_nothing(repo: RepoRow, folder: Path) -> None:
    class Gone(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if chunk := super().read(3):
                return chunk
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        uploads.stage(repo, Gone(b"hello"), None, None, 100)
    assert (files(folder), Blob.objects.count()) == ([], 0)


def test_the_same_bytes_again_give_the_same_reference(repo: RepoRow, folder: Path) -> None:
    assert upload(repo, b"hello", "text/plain") == upload(repo, b"hello", "text/html")
    assert len(files(folder)) == 1


SVG = b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>"
MP4 = b"\0\0\0\x1cftypisom\0\0\2\0isomiso2mp41" + bytes(40)


def test_bytes_of_an_unknown_type_take_the_first_one_that_is_declared(repo: RepoRow) -> None:
    assert upload(repo, SVG, "*/*").mime_type == "application/octet-stream"
    ref = upload(repo, SVG, "image/svg+xml")
    assert ref.mime_type == "image/svg+xml"
    assert upload(repo, SVG, "*/*") == upload(repo, SVG, "text/xml") == ref
    put(repo, "a", ref)
    opened = blobs.open_blob(repo, ref.cid)
    opened.file.close()
    assert opened.ref == ref


def test_a_blob_in_use_takes_a_type_too_and_its_record_can_be_written_again(repo: RepoRow) -> None:
    put(repo, "a", vague := upload(repo, SVG, "*/*"))
    put(repo, "b", upload(repo, SVG, "image/svg+xml"))
    put(repo, "a", vague)
    assert Blob.objects.get().mime_type == "image/svg+xml"


def test_a_guess_is_corrected_until_a_record_quotes_it(repo: RepoRow) -> None:
    assert upload(repo, MP4, "*/*").mime_type == "video/mp4"
    ref = upload(repo, MP4, "audio/mp4")
    assert ref.mime_type == "audio/mp4"
    put(repo, "a", ref)
    assert upload(repo, MP4, "video/mp4") == ref


@pytest.mark.parametrize("vague", ["*/*", None, "application/octet-stream", "binary/octet-stream"])
@pytest.mark.parametrize("is_early", [True, False], ids=["upload first", "record first"])
def test_a_blob_takes_the_type_of_the_imported_record_that_awaits_it(
    repo: RepoRow, vague: str | None, is_early: bool
) -> None:
    ref = BlobRef(cid.of_raw(SVG), "image/svg+xml", len(SVG))
    if is_early:
        upload(repo, SVG, vague)
    import_record(repo, using(ref))
    assert is_early or upload(repo, SVG, vague) == ref
    put(repo, "imported", ref, ref)
    assert Blob.objects.get().mime_type == "image/svg+xml"


def test_an_upload_of_a_vague_type_asks_once_more_than_another(
    repo: RepoRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_record(repo, using(BlobRef(cid.of_raw(SVG), "image/svg+xml", len(SVG))))
    asked: list[str] = []
    execute = connection.execute
    monkeypatch.setattr(
        connection,
        "execute",
        lambda sql, params, **how: (asked.append(sql), execute(sql, params, **how))[1],
    )
    assert upload(repo, SVG, "*/*").mime_type == "image/svg+xml"
    vague, asked[:] = list(asked), []
    upload(repo, b"hello", "text/plain")
    assert len(vague) == len(asked) + 1


def test_an_imported_record_can_be_written_again_whatever_the_bytes_say(repo: RepoRow) -> None:
    ref = BlobRef(cid.of_raw(PNG), "image/jpeg", len(PNG))
    import_record(repo, using(ref))
    assert upload(repo, PNG, "*/*").mime_type == "image/png"
    put(repo, "imported", ref, ref)
    with pytest.raises(blobs.InvalidMimeType):
        put(repo, "imported", BlobRef(ref.cid, "image/gif", ref.size))


@pytest.mark.parametrize("old", ["IMAGE/SVG+XML", "image/svg+xml; charset=utf-8", "*/*", "svg"])
def test_an_imported_record_can_be_written_again_however_its_type_is_spelt(
    repo: RepoRow, old: str
) -> None:
    ref = BlobRef(cid.of_raw(SVG), old, len(SVG))
    import_record(repo, using(ref))
    served = upload(repo, SVG, "*/*").mime_type
    assert served == ("image/svg+xml" if "/svg" in old.lower() else "application/octet-stream")
    put(repo, "imported", ref, ref)


def import_record(repo: RepoRow, value: dict[str, object]) -> None:
    block = atjson.to_cbor({"$type": THING, **value})
    record = cid.of_dag_cbor(block)
    root, nodes = mst.build([(f"{THING}/imported".encode(), record)])
    signed = commit.sign(repo.did, "3ke6kg3wk222b", root, SigningKey.generate())
    blocks = [(signed.cid, signed.block), *nodes.items(), (record, block)]
    with car_file.receive([car.write(signed.cid, blocks)]) as received:
        importing.import_first(repo.id, received)


def test_a_staged_blob_that_a_record_already_names_is_live_at_once(repo: RepoRow) -> None:
    ref = BlobRef(cid.of_raw(b"hello"), "text/plain", 5)
    BlobUse.objects.create(repo_id=repo.id, collection=THING, rkey="a", cid=ref.cid, rev=repo.rev)
    assert upload(repo, b"hello") == ref
    blobs.open_blob(repo, ref.cid).file.close()


def test_an_upload_leaves_no_file_to_delete(repo: RepoRow) -> None:
    upload(repo, b"hello")
    upload(repo, b"hello")
    assert not FileDeletion.objects.exists()


def test_usage_is_counted_per_repo(repo: RepoRow, ash: Host, new_account) -> None:
    other = repos.find_repo(ash, new_account().did)
    for data in (b"hello", b"hello", b"world!"):
        upload(repo, data)
    upload(other, b"1")
    counted = dict(BlobUsage.objects.values_list("repo_id", "used_bytes"))
    assert counted == {repo.id: 11, other.id: 1}
    assert BlobUsage.objects.get(pk=repo.id).blob_count == 2


def with_quota(host: Host, quota: int) -> None:
    Host.objects.filter(pk=host.pk).update(blob_quota_bytes=quota)


def test_an_upload_beyond_the_quota_is_refused_and_leaves_nothing(
    ash: Host, repo: RepoRow, folder: Path
) -> None:
    with_quota(ash, 10)
    upload(repo, b"1234567")
    with pytest.raises(upload_admission.BlobQuotaExceeded) as refused:
        upload(repo, b"abcd")
    assert (refused.value.value, refused.value.used) == (10, 7)
    assert (refused.value.name, refused.value.status) == ("BlobQuotaExceeded", 413)
    assert (len(files(folder)), BlobUsage.objects.get().used_bytes) == (1, 7)


def test_a_full_account_may_upload_what_it_has_and_write_text(ash: Host, repo: RepoRow) -> None:
    with_quota(ash, 5)
    ref = upload(repo, b"12345")
    assert upload(repo, b"12345") == ref
    put(repo, "a", ref)
    put(repo, "text")


def test_a_tenant_has_so_many_new_files_a_day(ash: Host, repo: RepoRow) -> None:
    ref = upload(repo, b"12345")
    Tenant.objects.update(limits={"uploads-a-day": 1})
    counted = {"used": {"uploads-a-day": 1}, "counted_at": timezone.now(), "day": quotas.today()}
    TenantUsage.objects.create(tenant=ash.tenant, **counted)
    quotas.forget()
    with pytest.raises(upload_admission.BlobQuotaExceeded, match="limit is 1 uploads-a-day"):
        upload(repo, b"abcd")
    assert upload(repo, b"12345") == ref
    assert not FileDeletion.objects.exists()


def test_the_quota_holds_against_an_upload_that_was_faster(
    ash: Host, repo: RepoRow, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_quota(ash, 10)
    original = blob_files.write_scheduled

    def write_after_another(key: str, file: io.BytesIO) -> None:
        monkeypatch.setattr(blob_files, "write_scheduled", original)
        upload(repo, b"1234567")
        original(key, file)

    monkeypatch.setattr(blob_files, "write_scheduled", write_after_another)
    with pytest.raises(upload_admission.BlobQuotaExceeded):
        upload(repo, b"abcd")
    assert (len(files(folder)), BlobUsage.objects.get().used_bytes) == (1, 7)
    assert not FileDeletion.objects.exists()


def test_of_two_uploads_of_the_same_bytes_one_file_stays(
    repo: RepoRow, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = blob_files.write_scheduled

    def write_after_another(key: str, file: io.BytesIO) -> None:
        monkeypatch.setattr(blob_files, "write_scheduled", original)
        upload(repo, b"hello", "text/html")
        original(key, file)

    monkeypatch.setattr(blob_files, "write_scheduled", write_after_another)
    assert upload(repo, b"hello").mime_type == "text/html"
    assert len(files(folder)) == 1
    assert not FileDeletion.objects.exists()


def test_an_upload_that_took_a_day_is_refused(
    repo: RepoRow, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blob_files, "UNCLAIMED_FOR", blob_files.UNCLAIMED_FOR / 48)
    with pytest.raises(blob_files.StorageTimedOut):
        upload(repo, b"hello")
    assert (files(folder), Blob.objects.count()) == ([], 0)


@pytest.mark.parametrize("verb", ["save", "open"])
def test_a_storage_that_takes_too_long_is_a_504(
    repo: RepoRow, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    def hang(*_: object) -> None:
        raise TimeoutError

    put(repo, "a", ref := upload(repo, b"hello"))
    monkeypatch.setattr(type(blob_files.storage()), verb, hang)
    with pytest.raises(blob_files.StorageTimedOut) as late:
        upload(repo, b"new") if verb == "save" else blobs.open_blob(repo, ref.cid)
    assert (late.value.status, late.value.name) == (504, "UpstreamTimeout")
