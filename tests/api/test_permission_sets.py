"""Permission sets that an account of this host publishes need no name server."""

import pytest

from protocol.errors import XrpcError
from repos.lexicons import permission_sets
from repos.lexicons.publications import SCHEMA

SET = "test.alice.authFull"
PERMISSION = {"type": "permission", "resource": "repo", "collection": ["test.alice.note"]}
MAIN = {"type": "permission-set", "title": "Notes", "permissions": [PERMISSION]}
DOCUMENT = {"$type": SCHEMA, "lexicon": 1, "id": SET, "defs": {"main": MAIN}}


@pytest.fixture(autouse=True)
def _fresh():
    permission_sets.REMEMBERED.own.clear()


def publish(person, document=DOCUMENT):
    person.create(SCHEMA, document, rkey=document["id"], validate=False)


def test_whoever_has_the_domain_as_a_handle_here_publishes_its_sets(alice):
    publish(alice)
    assert permission_sets.resolve(alice.host, SET).title == "Notes"


def test_they_are_sets_of_this_host_alone(alice, birch):
    publish(alice)
    with pytest.raises(XrpcError):
        permission_sets.resolve(birch, SET)


def test_nobody_publishes_sets_of_anothers_domain(alice, bob):
    publish(bob)
    with pytest.raises(XrpcError):
        permission_sets.resolve(alice.host, SET)


def test_a_deactivated_account_publishes_nothing(alice):
    publish(alice)
    assert alice.call("com.atproto.server.deactivateAccount").status_code == 200
    with pytest.raises(XrpcError):
        permission_sets.resolve(alice.host, SET)
