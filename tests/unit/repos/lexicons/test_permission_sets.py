"""Permission sets: newly looked at, kept through silence, read from our own store."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from protocol.oauth.permission_sets import NotAPermissionSet
from repos.lexicons import known, permission_sets, publications, resolving
from repos.lexicons.publications import AuthorityUnavailable, LexiconNotFound
from repos.models import NetworkLexicon
from server.net import http_client
from tests.unit.repos.lexicons.documents import DID, THING, lexicon_of

SET = "com.example.network.authFull"
SILENCE = http_client.TimedOut("slow")


def set_of(nsid: str = SET, *collections: str, title: str = "Network") -> dict[str, Any]:
    listed = list(collections) or [THING]
    permission = {"type": "permission", "resource": "repo", "collection": listed}
    main = {"type": "permission-set", "title": title, "permissions": [permission]}
    return {"$type": publications.SCHEMA, "lexicon": 1, "id": nsid, "defs": {"main": main}}


def forget() -> None:
    """What a process remembers for minutes."""
    permission_sets.REMEMBERED.own.clear()
    resolving.REFUSALS.own.clear()


def age(days: float) -> None:
    NetworkLexicon.objects.update(resolved_at=timezone.now() - timedelta(days=days))


@pytest.fixture(autouse=True)
def _fresh(network):
    forget()


def test_a_set_is_asked_for_once_in_some_minutes(network, ash):
    network.publish(set_of())
    assert permission_sets.resolve(ash, SET).title == "Network"
    count = len(network.asked)
    assert permission_sets.resolve(ash, SET).permissions[0]["collection"] == [THING]
    assert len(network.asked) == count


def test_a_changed_set_is_seen_although_the_lexicon_is_kept_for_a_day(network, ash):
    network.publish(set_of())
    permission_sets.resolve(ash, SET)
    network.publish(set_of(title="Renamed"))
    forget()
    assert permission_sets.resolve(ash, SET).title == "Renamed"


@pytest.mark.parametrize(("days", "is_good"), [(89, True), (91, False)])
def test_the_last_good_copy_serves_through_silence(network, ash, days, is_good):
    network.publish(set_of())
    permission_sets.resolve(ash, SET)
    forget()
    age(days)
    network.fault = SILENCE
    if is_good:
        assert permission_sets.resolve(ash, SET).title == "Network"
    else:
        with pytest.raises(AuthorityUnavailable):
            permission_sets.resolve(ash, SET)


@pytest.mark.parametrize(("days", "is_good"), [(0.9, True), (1.1, False)])
def test_a_withdrawn_set_serves_for_a_day(network, ash, days, is_good):
    network.publish(set_of())
    permission_sets.resolve(ash, SET)
    forget()
    age(days)
    network.domains.clear()
    if is_good:
        assert permission_sets.resolve(ash, SET).title == "Network"
    else:
        with pytest.raises(LexiconNotFound):
            permission_sets.resolve(ash, SET)


def test_what_cannot_be_found_is_not_asked_for_again_at_once(network, ash):
    network.publish(set_of())
    network.fault = SILENCE
    for _ in range(3):
        with pytest.raises(AuthorityUnavailable):
            permission_sets.resolve(ash, SET)
    assert network.asked.count("_lexicon.network.example.com") == 1


def test_another_lexicon_is_no_set(network, ash):
    network.publish(lexicon_of())
    with pytest.raises(NotAPermissionSet):
        permission_sets.resolve(ash, THING)


def test_a_set_of_any_size_is_refused(network, ash):
    long = "a" * 60
    network.publish(set_of(SET, *(f"com.{long}.{long}.{long}.thing{n}" for n in range(450))))
    with pytest.raises(LexiconNotFound, match="larger than"):
        permission_sets.resolve(ash, SET)


def test_another_did_than_before_does_not_change_a_set(network, ash):
    network.publish(set_of())
    permission_sets.resolve(ash, SET)
    network.publish(set_of(title="Taken over"), did="did:plc:aaaaaaaaaaaaaaaaaaaaaaaa")
    forget()
    assert permission_sets.resolve(ash, SET).title == "Network"
    assert known.authority(SET) == DID


def test_a_page_waits_for_nobody_and_shows_what_was_known_last(network, ash):
    network.publish(set_of())
    permission_sets.resolve(ash, SET)
    count = len(network.asked)
    forget()  # a process that has just started has the table
    assert permission_sets.resolve(ash, SET, may_ask=False).title == "Network"
    with pytest.raises(AuthorityUnavailable):
        permission_sets.resolve(ash, "com.example.network.authUnknown", may_ask=False)
    assert len(network.asked) == count
