"""getPreferences and putPreferences: whose they are, and which session may what."""

from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from django.db import connection

from accounts import status as account_status
from accounts.authentication import session_tokens
from accounts.lifecycle import activation
from accounts.models import Account
from tests.api.clients import Person, sign_up
from tests.api.relayed import get, labeler, post, view
from tests.session_tokens import access_token
from tests.upstreams import answering

__all__ = ["labeler", "view"]

GET = "app.bsky.actor.getPreferences"
PUT = "app.bsky.actor.putPreferences"
DEFS = "app.bsky.actor.defs#"
ADULT = {"$type": f"{DEFS}adultContentPref", "enabled": True}
BIRTH = {"$type": f"{DEFS}personalDetailsPref", "birthDate": "1980-05-17T00:00:00.000Z"}


def label(name: str) -> dict:
    return {"$type": f"{DEFS}contentLabelPref", "label": name, "visibility": "warn"}


def put(person: Person, *items: dict) -> int:
    return person.call(PUT, preferences=list(items)).status_code


def kinds(person: Person) -> list[str]:
    items = person.query(GET).json()["preferences"]
    return [item["$type"].removeprefix(DEFS) for item in items]


def with_scope(person: Person, scope: str) -> Person:
    return Person(person.host, access_token(person.host, person.did, scope), did=person.did)


def test_preferences_are_kept_with_and_without_an_app_view(alice):
    assert put(alice, ADULT, label("a")) == 200
    assert alice.query(GET).json() == {"preferences": [ADULT, label("a")]}


@pytest.mark.parametrize("value", ["x", {}, None, [5], [{"enabled": True}], [{"$type": "com.x.y"}]])
def test_what_is_no_list_of_preferences_is_refused(alice, value):
    assert alice.call(PUT, preferences=value).status_code == 400


def test_they_are_nobodys_without_a_session(anyone):
    assert anyone.query(GET).status_code == 401
    assert anyone.call(PUT, preferences=[]).status_code == 401


@pytest.mark.parametrize(
    "scope", [session_tokens.APP_PASSWORD_SCOPE, session_tokens.PRIVILEGED_APP_PASSWORD_SCOPE]
)
def test_an_app_password_neither_sees_nor_sets_nor_erases_the_birth_date(alice, scope):
    put(alice, BIRTH, ADULT)
    app = with_scope(alice, scope)
    assert kinds(app) == ["adultContentPref", "declaredAgePref"]
    assert (put(app, BIRTH), put(app, label("a"))) == (400, 200)
    assert kinds(alice) == ["personalDetailsPref", "contentLabelPref", "declaredAgePref"]


def test_somebody_deactivated_reads_and_writes_them(alice):
    activation.deactivate(Account.objects.get(did=alice.did))
    assert put(alice, ADULT) == 200
    assert kinds(alice) == ["adultContentPref"]


def test_somebody_taken_down_reads_them_and_writes_none(alice):
    put(alice, ADULT)
    account_status.take_down(Account.objects.get(did=alice.did))
    leaving = with_scope(alice, session_tokens.TAKENDOWN_SCOPE)
    assert kinds(leaving) == ["adultContentPref"]
    assert (put(leaving), put(alice)) == (400, 401)


def test_the_status_of_the_account_counts_them(alice):
    put(alice, ADULT, label("a"))
    status = alice.query("com.atproto.server.checkAccountStatus").json()
    assert status["privateStateValues"] == 2


def test_the_operators_app_view_leaves_them_to_us(alice, view):
    named = {"HTTP_ATPROTO_PROXY": f"{view.did}#bsky_appview"}
    assert post(alice, PUT, {"preferences": [ADULT]}, **named).status == 200
    assert get(alice, GET, **named).json() == {"preferences": [ADULT]}
    assert view.seen == []


def test_another_app_view_keeps_its_own(alice, view, labeler):
    named = {"HTTP_ATPROTO_PROXY": f"{labeler.did}#atproto_labeler"}
    labeler.answers(GET, answering({"preferences": []}))
    put(alice, ADULT)
    assert get(alice, GET, **named).json() == {"preferences": []}
    post(alice, PUT, {"preferences": [label("a")]}, **named)
    assert orjson.loads(labeler.last().body) == {"preferences": [label("a")]}
    assert kinds(alice) == ["adultContentPref"]


@pytest.mark.django_db(transaction=True)
def test_lists_written_at_once_leave_one_of_them(ash):
    alice = sign_up(ash, "alice")

    def write(number: int) -> int:
        try:
            return put(alice, *[label(f"{number}-{item}") for item in range(20)])
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write, range(16))) == {200}
    kept = {item["label"].partition("-")[0] for item in alice.query(GET).json()["preferences"]}
    assert (len(kept), len(kinds(alice))) == (1, 20)


@pytest.mark.parametrize("levels", [252, 300, 1_000])
def test_a_preference_too_deep_to_be_written_again_is_refused(alice, levels):
    put(alice, ADULT)
    whole = orjson.dumps({"preferences": [{**label("a"), "x": "$"}]})
    nested = whole.replace(b'"$"', b"[" * levels + b"]" * levels)
    assert alice.send(PUT, nested).status_code == 400
    assert alice.query(GET).json() == {"preferences": [ADULT]}
