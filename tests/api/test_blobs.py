"""Blobs over HTTP: parts, conditions, caches, quota and takedown as clients see them."""

import pytest

from hosting.models import Host
from hosting.tenancy import routing
from protocol import cid
from repos.blobs import quarantine
from repos.models import Repo
from repos.reads import repos

UPLOAD = "com.atproto.repo.uploadBlob"
THING = "com.example.thing"
BYTES = b"0123456789" * 1_000


@pytest.fixture
def blob(alice):
    """A blob that a record refers to, as uploadBlob answered."""
    blob = alice.send(UPLOAD, BYTES, "text/plain").json()["blob"]
    alice.create(THING, {"blob": blob})
    return blob


def get(person, did, blob, **headers):
    path = f"/xrpc/com.atproto.sync.getBlob?did={did}&cid={blob['ref']['$link']}"
    return person.get(path, **headers)


def body(answer) -> bytes:
    return b"".join(answer) if answer.streaming else answer.content


def test_a_part_of_a_blob(alice, anyone, blob):
    answer = get(anyone, alice.did, blob, HTTP_RANGE="bytes=10-14")
    assert (answer.status_code, body(answer)) == (206, b"01234")
    assert answer["Content-Range"] == "bytes 10-14/10000"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_part_beyond_the_end(alice, anyone, blob):
    answer = get(anyone, alice.did, blob, HTTP_RANGE="bytes=10000-")
    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */10000")


def test_a_blob_that_the_client_has(alice, anyone, blob):
    etag = get(anyone, alice.did, blob)["ETag"]
    assert etag == f'"{blob["ref"]["$link"]}"'
    answer = get(anyone, alice.did, blob, HTTP_IF_NONE_MATCH=etag)
    assert (answer.status_code, body(answer)) == (304, b"")


def test_caches_keep_blobs_briefly_and_an_owners_answer_for_the_owner(alice, anyone, blob):
    assert get(anyone, alice.did, blob)["Cache-Control"] == "public, max-age=60"
    answer = get(alice, alice.did, blob)
    assert answer["Cache-Control"] == "private, max-age=60"
    assert "Authorization" in answer["Vary"]


def test_a_refusal_is_not_for_caches(alice, anyone, blob):
    missing = {"ref": {"$link": cid.to_text(cid.of_raw(b"never"))}}
    assert get(anyone, alice.did, missing)["Cache-Control"] == "private"


def test_a_full_account_still_posts(alice, ash):
    Host.objects.filter(pk=ash.pk).update(blob_quota_bytes=100)
    routing.forget()
    answer = alice.send(UPLOAD, bytes(101), "text/plain")
    assert (answer.status_code, answer.json()["error"]) == (413, "BlobQuotaExceeded")
    alice.create(THING, {"text": "no picture"})


def test_a_blob_taken_down_is_gone_for_all_and_cannot_come_back(alice, ash, anyone, blob):
    repo = repos.find_repo(ash, alice.did)
    quarantine.quarantine(repo, cid.from_text(blob["ref"]["$link"]))
    for person in (alice, anyone):
        answer = get(person, alice.did, blob)
        assert (answer.status_code, answer.json()["error"]) == (400, "BlobNotFound")
    again = alice.send(UPLOAD, BYTES, "text/plain")
    assert again.json()["message"] == "Blob has been takendown, cannot re-upload"
    nsid = "com.atproto.repo.createRecord"
    record = alice.call(nsid, repo=alice.did, collection=THING, record={"blob": blob})
    assert (record.status_code, record.json()["error"]) == (400, "BlobNotFound")


def test_an_account_taken_down_uploads_nothing_and_a_resting_one_may(alice, ash):
    Repo.objects.filter(did=alice.did).update(status="deactivated")
    assert alice.send(UPLOAD, b"resting", "text/plain").status_code == 200
    Repo.objects.filter(did=alice.did).update(status="takendown")
    answer = alice.send(UPLOAD, b"down", "text/plain")
    assert (answer.status_code, answer.json()["error"]) == (401, "AccountTakedown")
