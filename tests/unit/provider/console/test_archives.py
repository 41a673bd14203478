"""Exports and imports on the console: begun, made by a worker, downloaded, looked at."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from hosting.models import Tenant
from hosting.tenancy import routing
from moderation.enforcement.legal import holds
from provider.jobs import running
from provider.models import Job
from provider.tenancy import suspensions
from provider.tenant_archive import jobs, kept_files
from repos.models import BlobFetch
from repos.reads.repos import find_repo
from tests.factories import account_row, open_account

pytestmark = pytest.mark.django_db(transaction=True)
PHRASE = "a passphrase of some length"
State = Job.State


@pytest.fixture(autouse=True)
def here(settings, tmp_path):
    """A data folder of its own, and no broker."""
    settings.DATA_DIR = tmp_path
    settings.VALKEY_URL = ""


@pytest.fixture
def archive(owner, ash) -> Job:
    """A backup that was begun and made."""
    account_row(ash, "anna", opened_at=None)
    owner.post("/console/exports/", {"passphrase": PHRASE})
    return worked(Job.objects.get())


def worked(job: Job) -> Job:
    """After an attempt."""
    Job.objects.make_due()
    running.run(job.pk)
    return Job.objects.get(pk=job.pk)


def test_an_export_is_made_and_downloaded_until_it_expires(owner, archive):
    page = f"/console/exports/{archive.pk}/file/"
    assert (archive.state, archive.done_count) == (State.DONE, 1)
    assert page in owner.get("/console/exports/").text
    body = owner.get(page).getvalue()
    assert b"manifest.json" in body
    assert owner.get(page, headers={"range": "bytes=0-9"}).getvalue() == body[:10]
    kept_files.remove(jobs.archive_of(archive))
    assert owner.get(page).status_code == 404
    assert page not in owner.get("/console/exports/").text


def test_the_passphrase_is_nowhere_once_the_file_is_made(owner, archive):
    assert "passphrase" not in archive.given
    assert PHRASE not in owner.get(f"/console/jobs/{archive.pk}/").text


@pytest.mark.parametrize("given", [{"passphrase": "short"}, {"receiver_key": "no key"}, {}])
def test_without_a_receiver_nothing_is_begun(owner, ash, given):
    answer = owner.post("/console/exports/", given)
    assert (answer.status_code, 'id="id_passphrase_error"' in answer.text) == (422, True)
    assert not Job.objects.exists()


def test_a_legal_hold_is_in_the_way_of_leaving(owner, ash):
    holds.place("operator", account_row(ash, "anna"), "a court's order")
    suspensions.suspend(ash.tenant, "operator", reason="It leaves.")
    routing.forget()
    Job.objects.all().delete()
    answer = owner.post("/console/exports/", {"passphrase": PHRASE})
    assert (answer.status_code, "Legal holds are open" in answer.text) == (422, True)
    assert not Job.objects.exists()


def test_whoever_leaves_is_exported_once_no_worker_fills_an_account(owner, ash):
    repo = find_repo(ash, open_account(ash).did)
    suspensions.suspend(ash.tenant, "operator", reason="It leaves.")
    Tenant.objects.update(suspended_at=timezone.now() - suspensions.SETTLED_AFTER)
    routing.forget()
    soon = timezone.now() + timedelta(minutes=1)
    fetch = BlobFetch.objects.create(repo_id=repo.id, state="running", next_attempt_at=soon)
    owner.post("/console/exports/", {"passphrase": PHRASE})
    export = worked(Job.objects.get(kind=jobs.EXPORT))
    assert (export.state, export.done_count) == (State.WAITING, 0)
    fetch.delete()
    assert worked(export).state == State.DONE


def test_an_archive_that_is_kept_here_is_looked_at(provider, archive):
    given = {"archive": jobs.archive_of(archive), "passphrase": PHRASE}
    page = provider.post("/console/imports/", given).headers["Location"]
    worked(jobs.imports().get())
    assert "There is a tenant ash already." in provider.get(page).text


@pytest.mark.parametrize("archive_id", ["../secrets/key", "0" * 32, ""])
def test_what_is_not_kept_here_is_not_imported(provider, ash, archive_id):
    answer = provider.post("/console/imports/", {"archive": archive_id})
    assert answer.status_code == 422 or "autofocus" not in answer.text
    assert not Job.objects.exists()


def test_an_archive_that_cannot_be_read_hides_no_other(provider, archive):
    kept_files.path_of("0" * 32).write_bytes(b"no tar")
    shown = provider.get("/console/imports/").text
    assert (jobs.archive_of(archive) in shown, "0" * 32 in shown) == (True, False)


def sent(browser, body: bytes | None):
    """What a browser is answered to the form with the file."""
    files = {} if body is None else {"file": SimpleUploadedFile("oak.tar", body)}
    ours = {"sec-fetch-site": "same-origin"}
    return browser.post("/console/imports/upload", files, headers=ours)


def test_an_archive_of_another_server_is_sent_by_the_page(provider, archive):
    body = kept_files.path_of(jobs.archive_of(archive)).read_bytes()
    page = sent(provider, body).headers["Location"]
    shown = provider.get(page).text
    assert len(kept_files.listed()) == 2
    assert f'value="{page.partition("=")[2]}" selected' in shown


@pytest.mark.parametrize("body", [b"no tar", None])
def test_a_file_that_is_no_archive_is_refused_at_its_field(provider, ash, body):
    answer = sent(provider, body)
    assert (answer.status_code, 'id="file_error"' in answer.text) == (422, True)
    assert "<title>Error:" in answer.text
    assert not kept_files.listed()


def test_an_owner_sends_no_archive(owner, ash):
    assert sent(owner, b"no tar").status_code == 403
