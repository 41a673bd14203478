"""An account moves from ash to birch: only the host that the DID names speaks for it.

The owner never says good-bye to ash; the copy there rests as soon as the DID names birch, by
whatever way this deployment learns of it.
"""

import orjson
import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from accounts.authentication import credentials
from accounts.identity import published_dids
from accounts.identity.handles import allocation
from accounts.identity.keys import signing_keys
from accounts.identity.plc import did_refresh, updates
from accounts.identity.published_dids import Published
from accounts.models import Account
from protocol.did import did_document, plc
from protocol.did.did_document import DidDocument
from protocol.did.plc_data import PDS_SERVICE, PlcData, Service
from protocol.event_stream.frames import EventKind
from server.net import http_client
from tests.api.clients import Person
from tests.api.test_import import THING
from tests.api.test_moving import (
    IDENTITY,
    REPO,
    SERVER,
    SYNC,
    arrive,
    bring,
    hand_over,
    kinds,
    move,
    ok,
    refusal,
    service_token,
)

VIEW = "https://view.example"
PDS = Service("AtprotoPersonalDataServer", "https://elsewhere.example")
SOMEWHERE = PlcData((), {}, ("at://alice.test",), {PDS_SERVICE: PDS})
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _quick(monkeypatch, settings):
    monkeypatch.setattr(credentials, "REFUSAL_TAKES_S", 0.0)
    settings.SMTP_URL = ""


@pytest.fixture
def moved(alice, birch) -> tuple[Person, Person]:
    alice.create(THING, {"$type": THING, "n": 1}, rkey="k", validate=False)
    return alice, move(alice, birch, "alice.birch.test")


def copy_of(person: Person) -> Account:
    return Account.objects.select_related("host").get(did=person.did, host=person.host)


def publish_past_the_host(person: Person, **changes) -> None:
    """Another operation for the DID, handed in at the directory by its owner."""
    account = copy_of(person)
    newest, data = updates.newest(account)
    operation = {**plc.update(data, plc.cid_of(newest)), **changes}
    signed = plc.sign(operation, signing_keys.rotation_key(account.host))
    url = f"{django_settings.PLC_URL}/{person.did}"
    http_client.request_configured("POST", url, body=orjson.dumps(signed))


def leave_for(person: Person, origin: str, handle: str = "alice.elsewhere.example") -> None:
    service = {"type": "AtprotoPersonalDataServer", "endpoint": origin}
    names = [f"at://{handle}"]
    publish_past_the_host(person, services={PDS_SERVICE: service}, alsoKnownAs=names)


def asked_for_record(person: Person, name: str):
    return person.query(REPO + "getRecord", repo=name, collection=THING, rkey="k")


def test_the_copy_that_was_left_active_rests(moved):
    old, new = moved
    status = ok(old.query(SYNC + "getRepoStatus", did=old.did))
    assert (status["active"], status["status"]) == (False, "deactivated")
    (listed,) = ok(old.query(SYNC + "listRepos"))["repos"]
    assert listed["active"] is False
    assert ok(new.query(SYNC + "getRepoStatus", did=old.did))["active"] is True


def test_the_copy_takes_no_writes_and_says_no_commit(moved):
    old, _ = moved
    before = kinds(old)
    record = {"repo": old.did, "collection": THING, "record": {"n": 2}}
    assert refusal(old.call(REPO + "createRecord", **record)) == (401, "AccountDeactivated")
    assert kinds(old) == before
    assert before[-1] is EventKind.ACCOUNT


def test_its_handle_is_released_as_the_did_says(moved):
    old, new = moved
    assert refusal(old.query(IDENTITY + "resolveHandle", handle="alice.test")) == (
        400,
        "HandleNotFound",
    )
    assert not allocation.is_taken("alice.test")
    assert ok(old.query(IDENTITY + "resolveHandle", handle=new.handle)) == {"did": old.did}


def test_a_handle_that_the_did_still_lists_stays_kept(alice):
    leave_for(alice, "https://elsewhere.example", handle="alice.test")
    did_refresh.refresh(alice.did)
    assert copy_of(alice).moved_away_at is not None
    assert allocation.is_taken("alice.test")
    assert alice.query(IDENTITY + "resolveHandle", handle="alice.test").status_code == 400


@pytest.mark.parametrize("is_by_owner_deactivated", [True, False])
def test_its_records_are_the_app_views_to_show(moved, settings, is_by_owner_deactivated):
    old, new = moved
    settings.APPVIEW_URL, settings.APPVIEW_DID = VIEW, "did:web:view.example"
    if is_by_owner_deactivated:
        ok(old.call(SERVER + "deactivateAccount"))
    for name in (old.did, new.handle, "alice.test"):
        assert hasattr(asked_for_record(old, name), "responder")


def test_without_an_app_view_the_record_is_not_found(moved):
    old, new = moved
    for name in (old.did, new.handle):
        assert refusal(asked_for_record(old, name)) == (400, "RecordNotFound")


def test_records_of_a_copy_that_has_not_arrived_are_the_app_views_too(alice, birch, settings):
    settings.APPVIEW_URL, settings.APPVIEW_DID = VIEW, "did:web:view.example"
    new = arrive(birch, alice.did, service_token(alice, birch), "alice.birch.test")
    assert hasattr(asked_for_record(new, alice.did), "responder")


def test_a_rested_account_that_lives_here_is_no_app_views_affair(alice, settings):
    settings.APPVIEW_URL, settings.APPVIEW_DID = VIEW, "did:web:view.example"
    ok(alice.call(SERVER + "deactivateAccount"))
    assert refusal(asked_for_record(alice, alice.did)) == (400, "RepoDeactivated")


def test_a_move_past_both_hosts_is_seen_when_the_new_one_is_activated(alice, birch):
    new = arrive(birch, alice.did, service_token(alice, birch), "alice.birch.test")
    bring(alice, new)
    there = ok(new.query(IDENTITY + "getRecommendedDidCredentials"))
    publish_past_the_host(alice, **there)
    ok(new.send(SERVER + "activateAccount"))
    assert copy_of(alice).status == "deactivated"


def test_a_refreshed_identity_shows_that_its_owner_left(alice, bob):
    leave_for(alice, "https://elsewhere.example")
    ok(bob.call(IDENTITY + "refreshIdentity", identifier=alice.did))
    assert copy_of(alice).status == "deactivated"


def test_the_sweep_finds_who_left_and_lets_the_others_be(alice, bob):
    leave_for(alice, "https://elsewhere.example")
    did_refresh.refresh_due()
    assert copy_of(alice).status == "deactivated"
    assert copy_of(bob).status == "active"


@pytest.mark.parametrize(
    "services",
    [
        {},
        {"atproto_labeler": {"type": "AtprotoLabeler", "endpoint": "https://l.example"}},
        {PDS_SERVICE: {"type": "AtprotoPersonalDataServer", "endpoint": "https://ash.test/x"}},
    ],
    ids=["none", "another", "no origin"],
)
def test_a_did_that_names_no_host_has_nobody_speak_for_it(alice, services):
    publish_past_the_host(alice, services=services)
    assert did_refresh.refresh(alice.did)
    assert copy_of(alice).status == Account.Status.DEACTIVATED
    asked = {"repo": alice.did, "collection": THING, "record": {"n": 1}}
    assert refusal(alice.call(REPO + "createRecord", **asked)) == (401, "AccountDeactivated")


def test_an_ended_did_has_nobody_speak_for_it(alice):
    account = copy_of(alice)
    newest, _ = updates.newest(account)
    end = plc.sign(plc.tombstone(plc.cid_of(newest)), signing_keys.rotation_key(account.host))
    url = f"{django_settings.PLC_URL}/{alice.did}"
    http_client.request_configured("POST", url, body=orjson.dumps(end))
    assert did_refresh.refresh(alice.did)
    assert copy_of(alice).status == Account.Status.DEACTIVATED


def test_the_name_of_the_host_counts_in_any_letter_case(alice):
    service = {"type": "AtprotoPersonalDataServer", "endpoint": copy_of(alice).host.origin.upper()}
    publish_past_the_host(alice, services={PDS_SERVICE: service})
    ok(alice.call(SERVER + "deactivateAccount"))
    ok(alice.send(SERVER + "activateAccount"))


def test_no_operation_of_ours_follows_one_that_names_another_host(alice):
    leave_for(alice, "https://elsewhere.example")
    response = alice.call(IDENTITY + "updateHandle", handle="other.test")
    assert "names another host" in response.json()["message"]
    assert copy_of(alice).status == "deactivated"


def test_a_look_that_was_overtaken_changes_nothing(alice):
    begun_at = timezone.now()
    outdated = did_document.render(alice.did, SOMEWHERE)
    ok(alice.call(IDENTITY + "updateHandle", handle="other.test"))
    published_dids.note(Published(DidDocument(outdated)), seen_at=begun_at)
    assert copy_of(alice).status == "active"


def test_its_owner_moves_back_in(moved, ash):
    old, new = moved
    back = arrive(ash, new.did, service_token(new, ash), "alice.test")
    bring(new, back)
    hand_over(new, back)
    ok(back.send(SERVER + "activateAccount"))
    assert copy_of(new).status == "deactivated"
    assert copy_of(back).moved_away_at is None
    assert ok(back.query(SYNC + "getRepoStatus", did=old.did))["active"] is True
    back.create(THING, {"$type": THING, "n": 9}, validate=False)


def test_its_owner_points_the_did_here_again_and_activates(alice):
    there = ok(alice.query(IDENTITY + "getRecommendedDidCredentials"))
    leave_for(alice, "https://elsewhere.example")
    did_refresh.refresh(alice.did)
    publish_past_the_host(alice, **there)
    did_refresh.refresh(alice.did)
    assert copy_of(alice).status == "deactivated"  # more may have been written elsewhere
    ok(alice.send(SERVER + "activateAccount"))
    assert (copy_of(alice).status, copy_of(alice).moved_away_at) == ("active", None)
    assert kinds(alice)[-3:] == [EventKind.ACCOUNT, EventKind.IDENTITY, EventKind.SYNC]


def test_who_has_a_departure_signed_is_looked_at_soon(alice, birch, monkeypatch):
    woken = []
    monkeypatch.setattr(did_refresh, "wake", lambda did, in_s=0: woken.append((did, in_s > 0)))
    new = arrive(birch, alice.did, service_token(alice, birch), "alice.birch.test")
    hand_over(alice, new)
    assert set(woken) == {(alice.did, True)}
    woken.clear()
    ok(alice.call(SERVER + "deactivateAccount"))
    assert woken == [(alice.did, False)]
