"""Moving in and out, through HTTP: from one tenant to another, from nowhere, after a takedown."""

import re
from typing import Any

import orjson
import pytest

from accounts import status as account_status
from accounts.authentication import credentials
from accounts.identity import resolution
from accounts.models import Account
from hosting.mail.models import OutgoingMail
from protocol import car
from protocol.did import plc
from protocol.event_stream.frames import EventKind
from protocol.keys import PublicKey, SigningKey
from protocol.repo import commit
from repos.models import BlobFetch, Repo
from repos.reads import repos
from server.net import http_client
from tests.api.clients import Api, Person
from tests.api.test_import import CAR, THING, folders, repo_car, things, with_blob
from tests.unit.accounts.service_auth.test_tokens import claims, token
from tests.unit.repos.events.firehose.stream import events

__all__ = ["folders"]
pytestmark = pytest.mark.django_db(transaction=True)
SERVER, REPO, SYNC, IDENTITY = (
    f"com.atproto.{name}." for name in ("server", "repo", "sync", "identity")
)
CREATE = SERVER + "createAccount"
PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(60)


@pytest.fixture(autouse=True)
def quick_directory(monkeypatch, settings):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)
    settings.SMTP_URL = ""  # captured


def ok(response) -> Any:
    assert response.status_code == 200, response.content
    return response.json() if response.content else None


def refusal(response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


def service_token(person: Person, host) -> str:
    asked = {"aud": host.service_did, "lxm": CREATE}
    return ok(person.query(SERVER + "getServiceAuth", **asked))["token"]


def arrive(host, did: str, jwt: str, handle: str, password: str = "brand new password") -> Person:
    wanted = {"did": did, "handle": handle, "email": f"{handle}@example.com", "password": password}
    made = ok(Api(host, jwt).call(CREATE, **wanted))
    return Person(host, made["accessJwt"], did, handle, password, made["refreshJwt"])


def kinds(person: Person) -> list[EventKind]:
    return [kind for kind, _ in events(repo_id(person))]


def repo_id(person: Person) -> int:
    return Repo.objects.get(did=person.did, host_id=person.host.pk).pk


def export(person: Person) -> bytes:
    response = person.query(SYNC + "getRepo", did=person.did)
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def with_picture(person: Person) -> None:
    """A few records, one with a picture."""
    blob = ok(person.send(REPO + "uploadBlob", PICTURE, "image/png"))["blob"]
    person.create(THING, {"$type": THING, "picture": blob}, validate=False)
    for number in range(5):
        person.create(THING, {"$type": THING, "n": number}, validate=False)


def bring(old: Person, new: Person) -> None:
    """Repo, then blobs."""
    response = new.send(REPO + "importRepo", export(old), CAR)
    assert response.status_code == 200, response.content
    for missing in ok(new.query(REPO + "listMissingBlobs"))["blobs"]:
        blob = old.query(SYNC + "getBlob", did=old.did, cid=missing["cid"])
        ok(new.send(REPO + "uploadBlob", b"".join(blob.streaming_content), "image/png"))


def hand_over(old: Person, new: Person) -> None:
    """The old host signs what the new one recommends, the new one hands it in."""
    recommended = ok(new.query(IDENTITY + "getRecommendedDidCredentials"))
    ok(old.send(IDENTITY + "requestPlcOperationSignature"))
    email = OutgoingMail.objects.latest("pk")
    code = re.search(r"\b[A-Z2-7]{5}-[A-Z2-7]{5}\b", email.text).group()
    signed = ok(old.call(IDENTITY + "signPlcOperation", token=code, **recommended))
    ok(new.call(IDENTITY + "submitPlcOperation", operation=signed["operation"]))


def move(old: Person, host, handle: str) -> Person:
    new = arrive(host, old.did, service_token(old, host), handle)
    bring(old, new)
    hand_over(old, new)
    ok(new.send(SERVER + "activateAccount"))
    return new


@pytest.fixture
def moved(alice, birch) -> tuple[Person, Person]:
    """Alice at ash, and Alice at birch, where she lives now."""
    with_picture(alice)
    return alice, move(alice, birch, "alice.birch.test")


def test_a_move_between_tenants_loses_nothing(moved):
    old, _ = moved
    left, held = (ok(who.query(SERVER + "checkAccountStatus")) for who in moved)
    assert (held["activated"], held["validDid"], left["validDid"]) == (True, True, False)
    for count in ("indexedRecords", "repoBlocks", "expectedBlobs", "importedBlobs"):
        assert held[count] == left[count]
    before, after = (car.read(export(who)).blocks for who in moved)
    assert set(before) - set(after) == {car.read(export(old)).roots[0]}  # the commit alone is new


def test_the_new_host_says_who_where_and_what_once_the_did_leads_there(moved):
    _, new = moved
    said = events(repo_id(new))
    assert [kind for kind, _ in said] == [
        EventKind.IDENTITY,  # the DID names the new host
        EventKind.ACCOUNT,
        EventKind.IDENTITY,
        EventKind.SYNC,
    ]
    assert (said[1][1]["active"], said[2][1]["handle"]) == (True, new.handle)


def test_the_announced_commit_is_signed_by_the_key_that_the_did_names(moved):
    old, new = moved
    _, sync = events(repo_id(new))[-1]
    block = next(iter(car.read(sync["blocks"]).blocks.values()))
    signed = commit.parse(block)
    key = resolution.resolve_did(new.did, fresh=True).signing_key
    assert signed.verify(PublicKey.from_did_key(key))
    assert (signed.did, signed.rev) == (new.did, sync["rev"])
    assert signed.rev > repos.find_repo(old.host, old.did).rev


def test_the_first_write_goes_on_from_the_announced_commit(moved):
    _, new = moved
    _, sync = events(repo_id(new))[-1]
    new.create(THING, {"$type": THING, "n": 99}, validate=False)
    kind, body = events(repo_id(new))[-1]
    assert (kind, body["since"]) == (EventKind.COMMIT, sync["rev"])


def test_nothing_is_said_before_the_did_leads_here(alice, birch):
    new = arrive(birch, alice.did, service_token(alice, birch), "alice.birch.test")
    bring(alice, new)
    account_status.take_down(Account.objects.get(did=new.did, host=birch))
    account_status.restore(Account.objects.get(did=new.did, host=birch))
    login = {"identifier": new.did, "password": new.password}
    new.token = ok(Api(birch).call(SERVER + "createSession", **login))["accessJwt"]
    ok(new.call(SERVER + "deactivateAccount"))
    assert kinds(new) == []


def test_who_is_on_the_way_is_deactivated_and_cannot_write(alice, birch):
    new = arrive(birch, alice.did, service_token(alice, birch), "alice.birch.test")
    session = ok(new.query(SERVER + "getSession"))
    assert (session["active"], session["status"]) == (False, "deactivated")
    write = new.call(REPO + "createRecord", repo=new.did, collection=THING, record={})
    assert write.status_code in {400, 401}
    assert refusal(Api(birch).query(SYNC + "getRepo", did=new.did)) == (400, "RepoDeactivated")


def test_who_is_on_the_way_cannot_be_activated_yet(alice, birch):
    new = arrive(birch, alice.did, service_token(alice, birch), "alice.birch.test")
    response = new.send(SERVER + "activateAccount")
    assert refusal(response) == (400, "InvalidRequest")
    assert "does not name this host" in response.json()["message"]


def test_nothing_is_signed_for_who_has_not_arrived(alice, birch):
    """The host may be named in the rotation keys from an earlier stay, and the proof of a signing
    key must not be worth as much as those."""
    new = arrive(birch, alice.did, service_token(alice, birch), "alice.birch.test")
    for answer in (
        new.send(IDENTITY + "requestPlcOperationSignature"),
        new.call(IDENTITY + "signPlcOperation", token="AAAAA-BBBBB"),
    ):
        assert answer.status_code == 400
        assert "points to another PDS" in answer.json()["message"]


def test_the_old_account_rests_and_does_not_wake(moved):
    old, _ = moved
    ok(old.call(SERVER + "deactivateAccount"))
    assert refusal(old.send(SERVER + "activateAccount")) == (400, "InvalidRequest")
    assert kinds(old)[-1] is EventKind.ACCOUNT


def test_the_way_back_leads_to_the_account_that_was_left(moved):
    old, new = moved
    ok(old.call(SERVER + "deactivateAccount"))
    back = move(new, old.host, old.handle)
    assert repo_id(back) == repo_id(old)
    status = ok(back.query(SERVER + "checkAccountStatus"))
    assert (status["activated"], status["importedBlobs"], status["indexedRecords"]) == (True, 1, 6)


def test_the_old_password_and_sessions_end_with_a_return(moved):
    old, new = moved
    ok(old.call(SERVER + "deactivateAccount"))
    move(new, old.host, old.handle)
    login = {"identifier": old.did, "password": old.password}
    assert Api(old.host).call(SERVER + "createSession", **login).status_code == 401
    assert old.refreshing().send(SERVER + "refreshSession").status_code == 400


def test_who_was_taken_down_can_leave(alice, birch):
    with_picture(alice)
    account_status.take_down(Account.objects.get(did=alice.did))
    login = {"identifier": alice.did, "password": alice.password, "allowTakendown": True}
    alice.token = ok(Api(alice.host).call(SERVER + "createSession", **login))["accessJwt"]
    new = move(alice, birch, "alice.birch.test")
    assert ok(new.query(SERVER + "checkAccountStatus"))["importedBlobs"] == 1
    ok(alice.call(SERVER + "deactivateAccount"))


def test_a_token_to_leave_with_is_for_nothing_else(alice, birch):
    account_status.take_down(Account.objects.get(did=alice.did))
    login = {"identifier": alice.did, "password": alice.password, "allowTakendown": True}
    alice.token = ok(Api(alice.host).call(SERVER + "createSession", **login))["accessJwt"]
    asked = {"aud": birch.service_did, "lxm": "app.bsky.feed.getTimeline"}
    assert alice.query(SERVER + "getServiceAuth", **asked).status_code >= 400


# --- from a provider that is gone: a recovery key, a CAR, and an operation signed by oneself


class Lost:
    """Somebody whose host is gone, with all keys in hand."""

    def __init__(self):
        self.recovery, self.signing = SigningKey.generate(), SigningKey.generate("p256")
        genesis = plc.genesis(
            [self.recovery.did_key], self.signing.did_key, "lost.example.com", "https://gone.test"
        )
        self.newest = plc.sign(genesis, self.recovery)
        self.did = plc.did_of(self.newest)
        self.publish(self.newest)

    def publish(self, operation) -> None:
        http_client.request_configured(
            "POST", f"http://localhost:2582/{self.did}", body=orjson.dumps(operation)
        )

    def token(self, host, **changes) -> str:
        said = claims(iss=self.did, aud=host.service_did, lxm=CREATE, **changes)
        return token(said, self.signing)

    def signed_for(self, person: Person) -> dict[str, Any]:
        recommended = ok(person.query(IDENTITY + "getRecommendedDidCredentials"))
        keys = [self.recovery.did_key, *recommended["rotationKeys"]]
        fields = {"type": "plc_operation", **recommended, "rotationKeys": keys}
        return plc.sign({**fields, "prev": plc.cid_of(self.newest)}, self.recovery)


@pytest.fixture
def lost(settings) -> Lost:
    settings.PLC_URL = "http://localhost:2582"
    return Lost()


def test_who_lost_a_provider_moves_in_with_a_recovery_key_and_a_car(ash, lost):
    person = arrive(ash, lost.did, lost.token(ash), "found.test")
    records = things(30) | {f"{THING}/pic": {"$type": THING, "pic": with_blob(PICTURE)}}
    assert person.send(REPO + "importRepo", repo_car(lost.did, records), CAR).status_code == 200
    ok(person.call(IDENTITY + "submitPlcOperation", operation=lost.signed_for(person)))
    ok(person.send(SERVER + "activateAccount"))
    status = ok(person.query(SERVER + "checkAccountStatus"))
    assert (status["activated"], status["indexedRecords"], status["importedBlobs"]) == (True, 31, 0)
    assert kinds(person)[-3:] == [EventKind.ACCOUNT, EventKind.IDENTITY, EventKind.SYNC]


def test_a_reserved_key_can_be_in_the_did_before_the_account_is(ash, lost):
    reserved = ok(Api(ash).call(SERVER + "reserveSigningKey", did=lost.did))["signingKey"]
    person = arrive(ash, lost.did, lost.token(ash), "found.test")
    methods = ok(person.query(IDENTITY + "getRecommendedDidCredentials"))["verificationMethods"]
    assert methods == {"atproto": reserved}


# --- a did:web, whose document its owner keeps


class OwnSite:
    """`alice.example`, which says what its owner wants it to say."""

    did = "did:web:alice.example"

    def __init__(self):
        self.key, self.pds, self.published = SigningKey.generate(), "https://gone.test", ""

    def request(self, _method, url, **_):
        if url != "https://alice.example/.well-known/did.json":
            raise http_client.Unreachable("there is no network here")
        method = {
            "id": f"{self.did}#atproto",
            "type": "Multikey",
            "publicKeyMultibase": (self.published or self.key.did_key).removeprefix("did:key:"),
        }
        service = {
            "id": "#atproto_pds",
            "type": "AtprotoPersonalDataServer",
            "serviceEndpoint": self.pds,
        }
        document = {"id": self.did, "verificationMethod": [method], "service": [service]}
        return http_client.Answer(200, {}, orjson.dumps(document))


@pytest.fixture
def own_site(monkeypatch, directory) -> OwnSite:
    site = OwnSite()
    monkeypatch.setattr(http_client, "request", site.request)
    return site


def test_a_did_web_moves_in_when_its_owner_changes_its_document(ash, own_site):
    jwt = token(claims(iss=own_site.did, aud=ash.service_did, lxm=CREATE), own_site.key)
    person = arrive(ash, own_site.did, jwt, "weaver.test")
    assert person.send(SERVER + "activateAccount").status_code == 400
    recommended = ok(person.query(IDENTITY + "getRecommendedDidCredentials"))
    assert not recommended.get("rotationKeys")
    own_site.pds = recommended["services"]["atproto_pds"]["endpoint"]
    own_site.published = recommended["verificationMethods"]["atproto"]
    ok(person.send(SERVER + "activateAccount"))
    assert kinds(person) == [EventKind.ACCOUNT, EventKind.IDENTITY, EventKind.SYNC]


def test_blobs_of_who_moves_in_are_to_be_fetched_from_the_old_host(alice, birch):
    with_picture(alice)
    new = arrive(birch, alice.did, service_token(alice, birch), "alice.birch.test")
    assert new.send(REPO + "importRepo", export(alice), CAR).status_code == 200
    fetch = BlobFetch.objects.get()
    assert (fetch.repo_id, fetch.origin, fetch.state) == (
        repo_id(new),
        alice.host.origin,
        "waiting",
    )


# --- who may not


def wanted(did: str, **changes) -> dict[str, str]:
    return {
        "did": did,
        "handle": "found.test",
        "email": "f@example.com",
        "password": "some password",
    } | changes


def test_without_a_token_a_did_cannot_move_in(ash, lost):
    response = Api(ash).call(CREATE, **wanted(lost.did))
    assert refusal(response) == (401, "AuthenticationRequired")
    message = response.json()["message"]
    assert message == f"Missing auth to create account with did: {lost.did}"


def test_a_token_of_another_did_is_no_proof(ash, lost):
    jwt = lost.token(ash)
    other = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
    response = Api(ash, jwt).call(CREATE, **wanted(other))
    assert refusal(response) == (401, "AuthenticationRequired")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"aud": "did:web:other.example"}, "BadJwtAudience"),
        ({"lxm": REPO + "uploadBlob"}, "BadJwtLexiconMethod"),
        ({"exp": 1}, "JwtExpired"),
    ],
)
def test_a_token_for_something_else_is_refused(ash, lost, changes, name):
    jwt = token(claims(iss=lost.did, aud=ash.service_did, lxm=CREATE) | changes, lost.signing)
    assert refusal(Api(ash, jwt).call(CREATE, **wanted(lost.did))) == (401, name)


def test_a_token_of_another_key_is_refused(ash, lost):
    jwt = token(claims(iss=lost.did, aud=ash.service_did, lxm=CREATE), SigningKey.generate())
    assert refusal(Api(ash, jwt).call(CREATE, **wanted(lost.did))) == (401, "BadJwtSignature")


def test_a_session_token_is_no_service_token(alice, ash):
    response = alice.call(CREATE, **wanted(alice.did))
    assert refusal(response) == (401, "BadJwtType")


def test_a_did_that_nobody_has_cannot_move_in(ash, lost):
    unknown = "did:plc:zzzzzzzzzzzzzzzzzzzzzzzz"
    jwt = token(claims(iss=unknown, aud=ash.service_did, lxm=CREATE), lost.signing)
    assert refusal(Api(ash, jwt).call(CREATE, **wanted(unknown))) == (400, "UnresolvableDid")


def test_a_did_moves_in_once(ash, lost):
    arrive(ash, lost.did, lost.token(ash, jti="1"), "found.test")
    again = wanted(lost.did, handle="again.test", email="again@example.com")
    response = Api(ash, lost.token(ash, jti="2")).call(CREATE, **again)
    assert refusal(response) == (400, "AlreadyExists")
    assert response.json()["message"] == "Repo already exists"


def test_a_refused_form_can_be_sent_again_with_the_same_token(alice, lost):
    jwt = lost.token(alice.host)
    assert (
        Api(alice.host, jwt).call(CREATE, **wanted(lost.did, handle=alice.handle)).status_code
        == 400
    )
    assert arrive(alice.host, lost.did, jwt, "found.test").did == lost.did


def test_an_operation_of_ones_own_is_not_taken_with_an_account(ash, lost):
    response = Api(ash, lost.token(ash)).call(CREATE, **wanted(lost.did), plcOp={})
    assert response.json()["message"] == 'Unsupported input: "plcOp"'
