"""Single files on the console: under the record that shows them, for those who may act."""

import pytest

from moderation.models import AuditEntry
from protocol import cid
from repos.blobs import quarantine
from repos.reads import repos
from tests.unit.moderation.console.test_account_page import console, url
from tests.unit.repos.blobs.uploads import THING, put, upload

pytestmark = [pytest.mark.usefixtures("folder"), pytest.mark.django_db(transaction=True)]

RECORD = f"?record={THING}/a"


@pytest.fixture
def repo(account):
    return repos.find_repo(account.host, account.did)


@pytest.fixture
def ref(repo):
    """A blob in the record `a`."""
    put(repo, "a", ref := upload(repo, b"some bytes"))
    return ref


def deed(verb: str, blob_cid: bytes, account) -> str:
    return url(f"accounts/{{did}}/blobs/{cid.to_text(blob_cid)}/{verb}/", account) + RECORD


def test_a_record_shows_its_files_with_a_button(moderator, account, ref):
    page = console(moderator).get(url("accounts/{did}/", account) + RECORD).content.decode()
    assert cid.to_text(ref.cid) in page
    assert "Take this file down" in page
    bare = console(moderator).get(url("accounts/{did}/", account)).content.decode()
    assert "Take this file down" not in bare


def test_a_moderator_takes_a_file_down_and_restores_it(moderator, account, repo, ref):
    client = console(moderator)
    response = client.post(deed("take-down", ref.cid, account), {"reason": "nudity"})
    assert response["location"] == url("accounts/{did}/", account) + RECORD
    assert quarantine.is_quarantined(repo, ref.cid)
    page = client.get(response["location"]).content.decode()
    assert "Restore this file" in page
    assert "File taken down" in page
    client.post(deed("restore", ref.cid, account), {"reason": "art"})
    assert not quarantine.is_quarantined(repo, ref.cid)


def test_the_audit_log_names_the_file(moderator, account, ref):
    client = console(moderator)
    client.post(deed("take-down", ref.cid, account), {"reason": "nudity"})
    listed = client.get(url("moderation/auditentry/", account)).content.decode()
    assert cid.to_text(ref.cid) in listed


def test_an_auditor_sees_no_button_and_cannot_touch_a_file(ash, account, staff_of, repo, ref):
    client = console(staff_of(ash, "auditor"))
    page = client.get(url("accounts/{did}/", account) + RECORD).content.decode()
    assert "Take this file down" not in page
    assert client.post(deed("take-down", ref.cid, account), {"reason": "x"}).status_code == 403
    assert not quarantine.is_quarantined(repo, ref.cid)


def test_without_a_reason_a_file_stays(moderator, account, repo, ref):
    response = console(moderator).post(deed("take-down", ref.cid, account), {"reason": " "})
    assert response.status_code == 400
    assert not quarantine.is_quarantined(repo, ref.cid)


def test_a_file_that_is_not_there(moderator, account, ref):
    client = console(moderator)
    missing = deed("take-down", cid.of_raw(b"never"), account)
    assert client.post(missing, {"reason": "x"}).status_code == 400
    nonsense = url("accounts/{did}/blobs/nonsense/take-down/", account)
    assert client.post(nonsense, {"reason": "x"}).status_code == 404
    assert not AuditEntry.objects.exists()


def test_another_tenants_staff_cannot_touch_a_file(account, birch, staff_of, repo, ref):
    path = deed("take-down", ref.cid, account)
    client = console(staff_of(birch, "owner"), "birch.localhost")
    assert client.post(path, {"reason": "envy"}).status_code == 404
    assert not quarantine.is_quarantined(repo, ref.cid)
