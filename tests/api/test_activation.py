"""An account rests and wakes, through HTTP."""

import pytest

from accounts import status as account_status
from accounts.authentication import session_tokens
from accounts.models import Account
from tests.api.clients import Person
from tests.session_tokens import access_token

NS = "com.atproto.server."
THING = "com.example.grove.thing"
FRESH_STATUS = {
    "activated": True,
    "validDid": True,
    "repoBlocks": 2,
    "indexedRecords": 0,
    "privateStateValues": 0,
    "expectedBlobs": 0,
    "importedBlobs": 0,
}


def refusal(response):
    return response.status_code, response.json()["error"]


def status_of(person: Person):
    return person.query(NS + "checkAccountStatus").json()


@pytest.fixture
def asleep(alice):
    """Alice with a record, deactivated."""
    alice.create(THING, {"n": 1}, rkey="k")
    response = alice.call(NS + "deactivateAccount")
    assert (response.status_code, response.content) == (200, b"")
    return alice


def test_a_new_account_is_all_there(alice):
    head = alice.query("com.atproto.sync.getLatestCommit", did=alice.did).json()
    repo = {"repoCommit": head["cid"], "repoRev": head["rev"]}
    assert status_of(alice) == {**FRESH_STATUS, **repo}


def test_a_did_that_moved_on_is_not_valid(alice, directory):
    directory.clear()  # the directory knows nothing of it
    assert status_of(alice)["validDid"] is False
    assert refusal(alice.send(NS + "activateAccount")) == (400, "InvalidRequest")


def test_sessions_show_a_deactivation(asleep, anyone):
    login = anyone.call(NS + "createSession", identifier=asleep.did, password=asleep.password)
    for session in (login, asleep.query(NS + "getSession")):
        assert (session.json()["active"], session.json()["status"]) == (False, "deactivated")
    assert status_of(asleep)["activated"] is False
    assert asleep.refreshing().send(NS + "refreshSession").status_code == 200


@pytest.mark.parametrize("method", ["sync.getHead", "sync.getLatestCommit", "sync.listBlobs"])
def test_a_deactivated_repo_is_its_owners_alone(asleep, anyone, method):
    nsid = f"com.atproto.{method}"
    assert refusal(anyone.query(nsid, did=asleep.did)) == (400, "RepoDeactivated")
    assert asleep.query(nsid, did=asleep.did).status_code == 200


def test_the_public_sees_the_status_and_no_handle(asleep, anyone):
    status = anyone.query("com.atproto.sync.getRepoStatus", did=asleep.did).json()
    assert (status["active"], status["status"]) == (False, "deactivated")
    resolved = anyone.query("com.atproto.identity.resolveHandle", handle=asleep.handle)
    assert refusal(resolved) == (400, "HandleNotFound")
    record = {"repo": asleep.did, "collection": THING, "rkey": "k"}
    assert refusal(anyone.query("com.atproto.repo.getRecord", **record)) == (400, "RepoDeactivated")


def test_records_cannot_be_written_but_blobs_can_be_uploaded(asleep):
    record = {"repo": asleep.did, "collection": THING, "record": {"n": 2}}
    written = asleep.call("com.atproto.repo.createRecord", **record)
    assert refusal(written) == (401, "AccountDeactivated")
    assert asleep.send("com.atproto.repo.uploadBlob", b"x", "text/plain").status_code == 200


def test_activating_brings_everything_back(asleep, anyone):
    assert asleep.send(NS + "activateAccount").content == b""
    assert asleep.send(NS + "activateAccount").status_code == 200
    resolved = anyone.query("com.atproto.identity.resolveHandle", handle=asleep.handle)
    assert resolved.json()["did"] == asleep.did
    assert anyone.query("com.atproto.sync.getHead", did=asleep.did).status_code == 200
    assert asleep.create(THING, {"n": 2})


def test_a_wish_to_be_deleted_is_kept_until_activation(alice):
    alice.call(NS + "deactivateAccount", deleteAfter="2031-01-02T03:04:05+01:00")
    kept = Account.objects.get(did=alice.did).delete_after
    assert kept.isoformat() == "2031-01-02T02:04:05+00:00"
    alice.send(NS + "activateAccount")
    assert Account.objects.get(did=alice.did).delete_after is None


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00", "soon"])
def test_a_date_that_cannot_be_kept_is_refused(alice, when):
    response = alice.call(NS + "deactivateAccount", deleteAfter=when)
    assert refusal(response) == (400, "InvalidRequest")
    assert status_of(alice)["activated"] is True


def test_a_taken_down_person_may_deactivate_and_not_activate(alice, anyone):
    account_status.take_down(Account.objects.get(did=alice.did))
    login = {"identifier": alice.did, "password": alice.password, "allowTakendown": True}
    leaving = Person(
        alice.host, anyone.call(NS + "createSession", **login).json()["accessJwt"], alice.did
    )
    assert leaving.call(NS + "deactivateAccount").status_code == 200
    assert refusal(leaving.send(NS + "activateAccount")) == (400, "InvalidToken")
    assert refusal(alice.send(NS + "activateAccount")) == (400, "ExpiredToken")
    assert refusal(alice.query(NS + "checkAccountStatus")) == (401, "AccountTakedown")


def test_app_passwords_neither_deactivate_nor_activate(alice, ash):
    for scope in (session_tokens.APP_PASSWORD_SCOPE, session_tokens.PRIVILEGED_APP_PASSWORD_SCOPE):
        alice.token = access_token(ash, alice.did, scope)
        assert refusal(alice.call(NS + "deactivateAccount")) == (400, "InvalidToken")
        assert refusal(alice.send(NS + "activateAccount")) == (400, "InvalidToken")
        assert status_of(alice)["activated"] is True
