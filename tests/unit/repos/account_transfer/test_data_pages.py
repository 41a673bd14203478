"""The place *Data* in a browser without scripts."""

import io
from datetime import timedelta
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.multipartparser import MultiPartParser
from django.test import Client
from django.utils import timezone

from accounts.authentication import web_sessions
from accounts.models import Account, AccountMigration, WebSession
from accounts.pages.cookies import COOKIE
from hosting.tenancy import routing
from protocol import car, cid
from repos.blobs.fetching import queue
from repos.imports import jobs
from repos.models import AccountArchive, BlobFetch, BlobUse, ImportJob, Record
from repos.reads.repos import RepoRow
from tests.unit.repos.account_transfer.archives import THING
from tests.unit.repos.imports.test_jobs import repo_car

pytestmark = pytest.mark.django_db(transaction=True)
FROM_HERE = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def browser(account, settings, tmp_path) -> Client:
    """Its account is signed in, and proved who it is just now."""
    routing.forget()
    settings.DATA_DIR = tmp_path
    client = Client(headers={"host": "localhost"})
    client.cookies[COOKIE] = web_sessions.begin(account)
    return client


def sign_out(account: Account) -> None:
    WebSession.objects.filter(account=account).delete()


def take_down(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(taken_down_at=timezone.now())


def send(browser: Client, path: str, *files: SimpleUploadedFile, **headers: str):
    return browser.post(path, {"files": list(files)}, headers=headers or FROM_HERE)


def lacking(repo: RepoRow, data: bytes) -> None:
    """A record names a blob that never came."""
    BlobUse.objects.create(
        repo_id=repo.id, collection=THING, rkey="k0", cid=cid.of_raw(data), rev="3"
    )
    queue.begin(repo.id)


def test_it_says_what_there_is_and_how_much_room(browser, lived_in, settings):
    settings.BLOB_QUOTA_BYTES = 1_000_000
    text = browser.get("/account/data").content.decode().replace("\xa0", " ")
    assert "<dd>3</dd>" in text
    assert "<dd>9 bytes of 976.6 KB</dd>" in text


def test_an_archive_is_asked_for_and_downloaded(browser, lived_in):
    assert browser.post("/account/data/archive").url == "/account/data"
    response = browser.get("/account/data/archive.zip")
    assert response["Content-Disposition"].endswith('.zip"')
    assert ZipFile(io.BytesIO(response.getvalue())).testzip() is None


def test_a_download_goes_on_from_where_it_broke_off(browser, lived_in):
    browser.post("/account/data/archive")
    whole = browser.get("/account/data/archive.zip")
    rest = browser.get("/account/data/archive.zip", headers={"range": "bytes=10-"})
    assert (rest.status_code, rest.getvalue()) == (206, whole.getvalue()[10:])


def test_without_an_archive_there_is_nothing_to_download(browser, lived_in):
    assert browser.get("/account/data/archive.zip").status_code == 404


def test_a_stale_session_has_to_prove_itself_first(browser, lived_in):
    WebSession.objects.update(proved_at=timezone.now() - timedelta(hours=1))
    assert "/account/prove" in browser.post("/account/data/archive").url
    assert "/account/prove" in browser.get("/account/data/import").url
    assert not AccountArchive.objects.exists()


def test_a_refusal_stands_on_the_page(browser, lived_in, settings):
    settings.ARCHIVES_BYTES = -1
    response = browser.post("/account/data/archive")
    assert response.status_code == 503
    assert "Try again tomorrow" in response.content.decode()
    assert "<title>Error:" in response.content.decode()


def test_the_repo_is_a_car_at_once(browser, lived_in, account):
    response = browser.get("/account/data/repo.car")
    assert car.read(response.getvalue()).roots
    assert response["Content-Type"] == "application/vnd.ipld.car"


def test_a_chosen_car_becomes_the_repo(browser, lived_in, account):
    file = SimpleUploadedFile("repo.car", repo_car(account.did, 5))
    assert send(browser, "/account/data/import/upload", file).url == "/account/data"
    assert Record.objects.filter(repo_id=account.pk).count() == 5
    assert "done" in browser.get("/account/data").content.decode()


def test_a_foreign_car_is_refused_and_leaves_no_file(browser, lived_in, account, tmp_path):
    file = SimpleUploadedFile("repo.car", repo_car("did:plc:" + "b" * 24))
    response = send(browser, "/account/data/import/upload", file)
    assert response.status_code == 422
    assert "contains the repo of did:plc:bbb" in response.content.decode()
    assert list((tmp_path / "imports").iterdir()) == []


def test_without_a_file_nothing_happens(browser, lived_in):
    response = browser.post("/account/data/import/upload", {}, headers=FROM_HERE)
    assert response.status_code in (400, 422)
    assert not ImportJob.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
    ],
)
def test_no_other_site_can_send_files(browser, lived_in, account, headers):
    file = SimpleUploadedFile("repo.car", repo_car(account.did))
    response = send(browser, "/account/data/import/upload", file, **headers)
    assert response.status_code == 403
    assert not ImportJob.objects.exists()


def test_a_form_of_more_files_than_anybody_reads_is_refused(browser, lived_in):
    files = [SimpleUploadedFile(f"{n}.bin", b"x") for n in range(101)]
    response = send(browser, "/account/data/blobs/upload", *files)
    assert (response.status_code, response.content) == (400, b"This form cannot be read.\n")


def test_a_disk_that_fills_while_a_form_is_read_is_a_refusal(browser, lived_in, account, settings):
    settings.FREE_SPACE_BYTES = 1 << 60
    response = send(
        browser,
        "/account/data/import/upload",
        SimpleUploadedFile("repo.car", repo_car(account.did)),
    )
    assert response.status_code == 503
    assert "<title>Error:" in response.content.decode()


@pytest.mark.parametrize("change", [sign_out, take_down])
def test_files_of_somebody_who_was_signed_out_while_they_arrived_are_not_taken(
    browser, lived_in, account, monkeypatch, change
):
    def arriving(parser: MultiPartParser):
        change(account)
        return parse(parser)

    parse = MultiPartParser.parse
    monkeypatch.setattr(MultiPartParser, "parse", arriving)
    file = SimpleUploadedFile("repo.car", repo_car(account.did))
    assert send(browser, "/account/data/import/upload", file).url == "/account/sign-in"
    assert not ImportJob.objects.exists()


def test_missing_files_are_named_with_their_records(browser, lived_in):
    lacking(lived_in, b"absent")
    text = browser.get("/account/data/blobs").content.decode()
    assert cid.to_text(cid.of_raw(b"absent")) in text
    assert f"{THING}/k0" in text


def test_a_missing_file_is_taken_and_a_strange_one_is_named(browser, lived_in):
    lacking(lived_in, b"absent")
    files = [SimpleUploadedFile("mine.bin", b"absent"), SimpleUploadedFile("other.bin", b"x")]
    text = send(browser, "/account/data/blobs/upload", *files).content.decode()
    assert "1 file was taken" in text
    assert "other.bin" in text
    assert "Nothing is missing" in text


def test_the_former_host_is_asked_again(browser, lived_in, account, monkeypatch):
    lacking(lived_in, b"absent")
    AccountMigration.objects.create(
        account=account, moved_from="https://old.example", created_at=timezone.now()
    )
    assert browser.post("/account/data/blobs/fetch").url == "/account/data/blobs"
    assert BlobFetch.objects.get().is_open


def test_the_former_host_is_asked_again_a_few_times_an_hour(browser, lived_in, settings):
    settings.RATE_LIMITS = True
    answers = [browser.post("/account/data/blobs/fetch").status_code for _ in range(11)]
    assert answers == [302] * 10 + [429]


def test_missing_files_and_a_full_quota_stand_on_the_home_page(browser, lived_in, settings):
    settings.BLOB_QUOTA_BYTES = 10
    lacking(lived_in, b"absent")
    text = browser.get("/account/").content.decode()
    assert "1 file that your posts show is missing here." in text
    assert "nearly all of the space" in text


def test_an_import_under_way_shows_how_far_it_is(browser, lived_in, account, monkeypatch):
    monkeypatch.setattr(jobs.queue, "wake", lambda _: None)
    send(
        browser,
        "/account/data/import/upload",
        SimpleUploadedFile("repo.car", repo_car(account.did)),
    )
    ImportJob.objects.update(record_count=17)
    assert "17 records read" in browser.get("/account/data").content.decode()
