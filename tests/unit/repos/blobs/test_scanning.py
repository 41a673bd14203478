"""Scanners see an upload before anything of it is kept, and say whether it is."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.exceptions import ImproperlyConfigured

from hosting.models import Host
from protocol import cid
from repos.blobs import scanning
from repos.models import Blob, DeniedBlob, FileDeletion
from repos.reads.repos import RepoRow
from tests.unit.repos.blobs.uploads import files, upload

pytestmark = pytest.mark.usefixtures("folder")

DENY_LIST = "deny_list"
OVER_HTTP = "http"


class Scanner(ThreadingHTTPServer):
    """A scanner on the loopback that refuses EICAR and remembers what it was shown."""

    status = 204

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.seen: list[tuple[str, str, bytes]] = []


class _Answer(BaseHTTPRequestHandler):
    server: Scanner

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.headers["Content-Type"], self.headers["X-Blob-Cid"], body))
        self.send_response(422 if b"EICAR" in body else self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def scanner(settings):
    with Scanner() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        settings.BLOB_SCANNERS = [OVER_HTTP]
        settings.BLOB_SCANNER_URL = f"http://127.0.0.1:{server.server_port}/scan"
        yield server
        server.shutdown()


def test_nobody_looks_unless_asked_to(repo: RepoRow, settings) -> None:
    assert settings.BLOB_SCANNERS == []
    upload(repo, b"EICAR")


def test_denied_bytes_are_refused_everywhere_or_at_one_host(
    ash: Host, repo: RepoRow, settings, folder
) -> None:
    settings.BLOB_SCANNERS = [DENY_LIST]
    for host_id, data in ((None, b"all"), (ash.pk, b"here"), (ash.pk + 1, b"elsewhere")):
        DeniedBlob.objects.create(host_id=host_id, cid=cid.of_raw(data), reason="known")
    for data in (b"all", b"here"):
        with pytest.raises(scanning.BlobRefused) as refused:
            upload(repo, data)
        assert refused.value.name == "BlobRefused"
    upload(repo, b"elsewhere")
    assert (Blob.objects.count(), len(files(folder))) == (1, 1)


def test_bytes_denied_after_their_upload_are_refused_when_they_come_again(
    repo: RepoRow, settings
) -> None:
    upload(repo, b"all")
    settings.BLOB_SCANNERS = [DENY_LIST]
    DeniedBlob.objects.create(cid=cid.of_raw(b"all"), reason="known")
    with pytest.raises(scanning.BlobRefused):
        upload(repo, b"all")


def test_a_scanner_over_http_sees_type_cid_and_bytes(repo: RepoRow, scanner: Scanner) -> None:
    ref = upload(repo, b"x" * 300_000)
    assert scanner.seen == [("text/plain", cid.to_text(ref.cid), b"x" * 300_000)]


def test_what_a_scanner_refuses_was_never_here(repo: RepoRow, scanner: Scanner, folder) -> None:
    with pytest.raises(scanning.BlobRefused):
        upload(repo, b"this is EICAR")
    assert (Blob.objects.count(), FileDeletion.objects.count(), files(folder)) == (0, 0, [])


@pytest.mark.parametrize("fault", ["status", "nobody there"])
def test_a_scanner_that_fails_keeps_uploads_out(
    repo: RepoRow, scanner: Scanner, settings, fault: str
) -> None:
    scanner.status = 500
    if fault == "nobody there":
        settings.BLOB_SCANNER_URL = "http://127.0.0.1:1/"
    with pytest.raises(scanning.BlobScanUnavailable) as refused:
        upload(repo, b"hello")
    assert (refused.value.status, Blob.objects.count()) == (503, 0)


def test_a_scanner_may_fail_open(repo: RepoRow, scanner: Scanner, settings) -> None:
    settings.BLOB_SCANNER_FAILS_OPEN = True
    scanner.status = 500
    upload(repo, b"hello")
    with pytest.raises(scanning.BlobRefused):
        upload(repo, b"EICAR")


def test_scanners_are_asked_in_their_order(repo: RepoRow, scanner: Scanner, settings) -> None:
    settings.BLOB_SCANNERS = [DENY_LIST, OVER_HTTP]
    DeniedBlob.objects.create(cid=cid.of_raw(b"known"), reason="known")
    with pytest.raises(scanning.BlobRefused):
        upload(repo, b"known")
    assert scanner.seen == []


@pytest.mark.parametrize("name", ["repos.blob_scanning.deny_list", "deny-list"])
def test_a_scanner_that_does_not_exist_is_told_at_the_start(settings, name: str) -> None:
    settings.BLOB_SCANNERS = [DENY_LIST, name]
    with pytest.raises(ImproperlyConfigured, match=f"no scanner '{name}'.*deny_list, http"):
        scanning.check_names()
