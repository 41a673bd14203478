"""Permission sets in the scopes of apps: asked for, granted, enforced, renewed by a refresh."""

import pytest

from repos.lexicons import permission_sets, resolving
from repos.lexicons.publications import SCHEMA
from tests.oauth_app import App

SET, NOTE, OTHER = "test.alice.authNotes", "test.alice.note", "test.alice.list"
SCOPE = f"atproto include:{SET}"


@pytest.fixture(autouse=True)
def _forgotten():
    forget()


def forget() -> None:
    """What a process remembers for minutes."""
    permission_sets.REMEMBERED.own.clear()
    resolving.REFUSALS.own.clear()


def publish(person, *collections: str) -> None:
    permission = {"type": "permission", "resource": "repo", "collection": list(collections)}
    main = {"type": "permission-set", "title": "Notes", "permissions": [permission]}
    document = {"$type": SCHEMA, "lexicon": 1, "id": SET, "defs": {"main": main}}
    put = {"repo": person.did, "collection": SCHEMA, "rkey": SET, "record": document}
    answer = person.call("com.atproto.repo.putRecord", **put, validate=False)
    assert answer.status_code == 200, answer.content
    forget()


def write(app: App, person, collection: str, **over) -> int:
    record = {"repo": person.did, "collection": collection, "record": {"n": 1}}
    nsid = "com.atproto.repo.createRecord"
    return app.call(nsid, "POST", record, **over).status_code


def test_a_set_grants_what_it_lists_and_no_more(ash, alice):
    publish(alice, NOTE)
    app = App(ash, SCOPE).signed_in(alice.did)
    assert app.tokens["scope"] == f"atproto repo:{NOTE}"
    assert write(app, alice, NOTE) == 200
    assert write(app, alice, OTHER) == 403


def test_a_refresh_brings_what_the_set_lists_by_then(ash, alice):
    publish(alice, NOTE)
    app = App(ash, SCOPE).signed_in(alice.did)
    publish(alice, OTHER)
    token = app.refresh().json()["access_token"]
    assert write(app, alice, OTHER, token=token) == 200
    assert write(app, alice, NOTE, token=token) == 403


@pytest.mark.parametrize(
    "scope",
    [
        "atproto include:test.alice.authUnknown",
        "atproto " + " ".join(f"include:test.alice.auth{n}" for n in range(21)),
    ],
)
def test_a_set_that_nobody_knows_is_refused_at_once(ash, alice, scope):
    answer = App(ash, scope).par()
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


def test_sets_that_are_too_large_together_are_refused(ash, alice):
    long = "a" * 60
    publish(alice, *(f"test.alice.{long}.{long}.{long}.thing{n}" for n in range(200)))
    answer = App(ash, SCOPE).par()
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


def test_a_set_that_cannot_be_resolved_ends_no_session(ash, alice):
    publish(alice, NOTE)
    app = App(ash, SCOPE).signed_in(alice.did)
    gone = {"repo": alice.did, "collection": SCHEMA, "rkey": SET}
    assert alice.call("com.atproto.repo.deleteRecord", **gone).status_code == 200
    forget()
    refused = app.refresh()
    assert refused.status_code == 400
    assert refused.json()["error"] == "invalid_scope"
    publish(alice, NOTE)
    assert app.refresh().status_code == 200
