# ruff: noqa: E402 - what is imported stands behind the reasons to skip
"""Blobs in S3, against a real S3 server process (moto's) on the loopback."""

import os
import subprocess
import sys
import time
import tracemalloc
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from urllib.error import URLError

import pytest
from django.core.files.storage import storages

from tests.running import free_port

pytestmark = pytest.mark.long

exceptions = pytest.importorskip("botocore.exceptions", reason="needs the extra `s3`")
pytest.importorskip("storages.backends.s3", reason="needs the extra `s3`")
pytest.importorskip("moto.server", reason="needs moto[server]")

from django.core.files import File
from django.core.files.base import ContentFile

from hosting.models import Host
from repos.blobs import blobs, files, garbage_collection, quarantine
from repos.models import Blob, FileDeletion
from repos.reads.repos import RepoRow, find_repo
from server.storage.s3 import StreamingS3
from tests.factories import open_account
from tests.unit.repos.blobs.uploads import delete, put, upload

MEBIBYTE = 1024 * 1024
BYTES = bytes(range(256)) * 1000


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The address of a server process that ends with these tests."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(url)
            yield url
        finally:
            server.kill()


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 200
    while True:
        try:
            urllib.request.urlopen(url, timeout=60).close()
        except URLError:
            assert time.monotonic() < deadline, "the S3 server never came up"
            time.sleep(0.1)
        else:
            return


@pytest.fixture
def bucket(endpoint: str, settings) -> StreamingS3:
    """An empty bucket, as GROVE_S3_BUCKET and GROVE_S3_ENDPOINT make it the blobs' storage."""
    options = {
        "bucket_name": "blobs",
        "endpoint_url": endpoint,
        "region_name": "us-east-1",
        "access_key": "x",
        "secret_key": "x",
    }
    backend = {"BACKEND": "server.storage.s3.StreamingS3", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "blobs": backend}
    storage = storages["blobs"]
    assert isinstance(storage, StreamingS3)
    storage.bucket.create()
    storage.bucket.objects.all().delete()
    return storage


@pytest.fixture
def repo(ash: Host, bucket: StreamingS3) -> RepoRow:
    return find_repo(ash, open_account(ash).did)


def keys(bucket: StreamingS3) -> list[str]:
    return sorted(found.key for found in bucket.bucket.objects.all())


def test_a_saved_file_is_read_back_from_anywhere(bucket: StreamingS3) -> None:
    assert bucket.save("a/b", ContentFile(BYTES)) == "a/b"
    with bucket.open("a/b") as file:
        assert file.read(10) == BYTES[:10]
        assert file.read(5) == BYTES[10:15]
        file.seek(200_000)
        assert (file.read(7), file.tell()) == (BYTES[200_000:200_007], 200_007)
        file.seek(-3, os.SEEK_END)
        assert (file.read(100), file.read(100)) == (BYTES[-3:], b"")


def test_an_empty_file_has_nothing_to_read(bucket: StreamingS3) -> None:
    bucket.save("empty", ContentFile(b""))
    with bucket.open("empty") as file:
        assert file.read(10) == b""


def test_what_is_missing_is_missing_as_on_a_disk(bucket: StreamingS3) -> None:
    with pytest.raises(FileNotFoundError):
        bucket.open("nothing")
    bucket.delete("nothing")


def test_a_server_that_refuses_is_an_os_error(bucket: StreamingS3) -> None:
    bucket.save("kept", ContentFile(b"x"))
    with pytest.raises(OSError, match="S3 refused"):
        StreamingS3(**{**bucket._constructor_args[1], "bucket_name": "no-such-bucket"}).save(
            "a", ContentFile(b"x")
        )


def test_memory_stays_small_for_large_files(bucket: StreamingS3, tmp_path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        for number in range(40):
            file.write(bytes([number]) * MEBIBYTE)
    tracemalloc.start()
    with large.open("rb") as file:
        bucket.save("large", File(file))
    with bucket.open("large") as file:
        size = sum(len(piece) for piece in iter(lambda: file.read(65_536), b""))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size == 40 * MEBIBYTE
    assert peak < 20 * MEBIBYTE


@pytest.mark.django_db(transaction=True)
def test_a_blob_lives_in_s3_from_upload_to_sweep(repo: RepoRow, bucket: StreamingS3) -> None:
    put(repo, "a", ref := upload(repo, BYTES))
    with blobs.open_blob(repo, ref.cid).file as file:
        assert file.read() == BYTES
    assert keys(bucket) == [Blob.objects.get().key]
    delete(repo, "a")
    assert garbage_collection.remove_unused_blobs(timedelta(0)) == 1
    assert (keys(bucket), FileDeletion.objects.count()) == ([], 0)


@pytest.mark.django_db(transaction=True)
def test_quarantine_moves_objects_and_back(repo: RepoRow, bucket: StreamingS3) -> None:
    put(repo, "a", ref := upload(repo, BYTES))
    quarantine.quarantine(repo, ref.cid)
    (key,) = keys(bucket)
    assert key.startswith("quarantine/")
    quarantine.release(repo, ref.cid)
    (key,) = keys(bucket)
    assert key.startswith("public/")
    with blobs.open_blob(repo, ref.cid).file as file:
        assert file.read() == BYTES


@pytest.mark.django_db
def test_objects_that_nobody_knows_are_swept(repo: RepoRow, bucket: StreamingS3) -> None:
    upload(repo, b"known")
    tenant = Host.objects.get(pk=repo.host_id).tenant_id
    key = files.new_key(files.Place.PUBLIC, tenant, repo.did, b"\x01\x55\x12\x20" + bytes(32))
    bucket.save(key, ContentFile(b"orphan"))
    assert garbage_collection.remove_unknown_files() == 0
    assert garbage_collection.remove_unknown_files(timedelta(0)) == 1
    assert keys(bucket) == [Blob.objects.get().key]


@pytest.mark.django_db
def test_an_s3_that_hangs_is_a_504(repo: RepoRow, bucket: StreamingS3, monkeypatch) -> None:
    def hang(*_: object, **__: object) -> None:
        raise exceptions.ReadTimeoutError(endpoint_url="http://s3")

    monkeypatch.setattr("storages.backends.s3.S3Storage._save", hang)
    with pytest.raises(files.StorageTimedOut):
        upload(repo, b"hello")
    assert Blob.objects.count() == 0
