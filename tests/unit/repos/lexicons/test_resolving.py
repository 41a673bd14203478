"""Resolving: remembered, renewed, and not led astray."""

from datetime import timedelta

import pytest
from django.utils import timezone

from repos.lexicons import known, resolving
from repos.lexicons.publications import AuthorityUnavailable, LexiconNotFound
from repos.models import NetworkLexicon
from server.net import http_client
from tests.unit.repos.lexicons.documents import DID, OTHER_DID, THING, lexicon_of


def row():
    return NetworkLexicon.objects.get(pk=THING)


def outdate():
    NetworkLexicon.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_a_lexicon_is_asked_for_once_a_day(network):
    network.publish(lexicon_of())
    resolving.resolve(THING)
    count = len(network.asked)
    assert resolving.resolve(THING).did == DID
    assert len(network.asked) == count


def test_a_refusal_is_remembered_too(network):
    for _ in range(3):
        with pytest.raises(LexiconNotFound):
            resolving.resolve(THING)
    assert len(network.asked) == 1
    assert not NetworkLexicon.objects.exists()  # anybody's inventions make no rows


def test_only_so_many_are_kept_for_onlookers(network, monkeypatch):
    monkeypatch.setattr(known, "MAX_LOOKED_AT", 0)
    network.publish(lexicon_of())
    assert resolving.resolve(THING).did == DID
    assert not NetworkLexicon.objects.exists()
    known.want(THING)  # somebody writes such a record
    resolving.resolve_wanted()
    assert row().did == DID


def test_what_strangers_look_at_displaces_only_what_strangers_looked_at(network, monkeypatch):
    monkeypatch.setattr(known, "MAX_LOOKED_AT", 2)
    names = [f"com.example.network.{name}" for name in ("granted", "a", "b", "c")]
    for name in names:
        network.publish(lexicon_of(name))
        resolving.resolve(name)
        if name == names[0]:
            known.need(name)  # as the exchange of a code does
    assert set(NetworkLexicon.objects.values_list("pk", flat=True)) == {names[0], *names[2:]}


def test_what_nobody_needs_any_more_makes_room(network, monkeypatch):
    monkeypatch.setattr(known, "MAX_LOOKED_AT", 0)
    network.publish(lexicon_of())
    known.want(THING)
    resolving.resolve_wanted()
    long_ago = timezone.now() - known.NEEDED_FOR - timedelta(days=1)
    NetworkLexicon.objects.update(needed_at=long_ago)
    network.publish(lexicon_of("com.example.network.other"))
    resolving.resolve("com.example.network.other")
    assert not NetworkLexicon.objects.exists()


def test_an_old_document_stands_in_while_its_authority_is_silent(network):
    network.publish(lexicon_of())
    resolving.resolve(THING)
    outdate()
    network.fault = http_client.TimedOut("slow")
    assert resolving.resolve(THING).did == DID


def test_silence_about_an_unknown_one_is_a_502(network):
    network.publish(lexicon_of())
    network.fault = http_client.TimedOut("slow")
    with pytest.raises(AuthorityUnavailable) as refusal:
        resolving.resolve(THING)
    assert refusal.value.status == 502


def test_a_renewed_lexicon_takes_the_old_ones_place(network):
    network.publish(lexicon_of())
    first = resolving.resolve(THING)
    network.publish(lexicon_of(n={"type": "integer"}))
    outdate()
    assert resolving.resolve(THING).cid != first.cid


def test_another_did_for_a_known_lexicon_is_not_believed(network):
    network.publish(lexicon_of())
    kept = resolving.resolve(THING)
    network.publish(lexicon_of(n={"type": "integer"}), did=OTHER_DID)
    outdate()
    with pytest.raises(LexiconNotFound, match="another DID"):
        resolving.resolve(THING)
    assert (row().did, row().claimed_did) == (DID, OTHER_DID)
    assert bytes(row().cid) == kept.cid


def test_staff_may_accept_another_did(network):
    network.publish(lexicon_of())
    resolving.resolve(THING)
    network.publish(lexicon_of(n={"type": "integer"}), did=OTHER_DID)
    known.note_claim(THING, OTHER_DID)
    assert known.accept_claim(THING)
    resolving.resolve_wanted()
    assert (row().did, row().claimed_did, row().is_wanted) == (OTHER_DID, "", False)


def test_there_is_nothing_to_accept_without_a_claim(network):
    network.publish(lexicon_of())
    resolving.resolve(THING)
    assert not known.accept_claim(THING)


def test_the_worker_resolves_what_is_wanted(network):
    network.publish(lexicon_of())
    known.want(THING)
    resolving.resolve_wanted()
    assert (row().did, row().is_wanted, row().failure) == (DID, False, "")


@pytest.mark.parametrize(
    ("fault", "pause"),
    [(None, known.REFUSAL), (http_client.TimedOut("slow"), known.TIMEOUT_PAUSE)],
)
def test_a_failure_is_looked_at_again_later(network, fault, pause):
    network.domains["_lexicon.network.example.com"] = [f"did={DID}"]
    network.fault = fault
    known.want(THING)
    resolving.resolve_wanted()
    assert row().failure
    left = row().due_at - timezone.now()
    assert timedelta(seconds=-5) < left - pause < timedelta(seconds=5)


def test_a_failure_is_not_wanted_again_before_its_time(network):
    known.want(THING)
    resolving.resolve_wanted()
    known.want(THING)
    assert known.wanted(10) == []
    outdate()
    known.want(THING)
    assert known.wanted(10) == [THING]


def test_only_so_many_are_wanted_at_once(network, monkeypatch):
    monkeypatch.setattr(known, "WANT", known.WANT.replace(str(known.MAX_WANTED), "2"))
    for number in range(5):
        known.want(f"com.example.made.up{number}")
    assert len(known.wanted(10)) == 2


def test_two_workers_do_not_ask_twice(network):
    network.publish(lexicon_of())
    known.want(THING)
    resolving.resolve_wanted()
    resolving.resolve_wanted()
    assert len([asked for asked in network.asked if asked.startswith("_lexicon")]) == 1


def test_failures_that_nobody_asks_about_are_forgotten(network):
    known.want(THING)
    resolving.resolve_wanted()
    known.forget_old()
    assert NetworkLexicon.objects.count() == 1
    NetworkLexicon.objects.update(due_at=timezone.now() - known.KEPT)
    known.forget_old()
    assert NetworkLexicon.objects.count() == 0
