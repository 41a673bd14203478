"""Writes by lexicons of the network: unknown first, checked once a worker has resolved them."""

import time

import pytest
from django.utils import timezone

from protocol.errors import InvalidRequest
from protocol.lexicon import LexiconError
from repos.commits import writes
from repos.lexicons import record_types, resolving
from repos.models import NetworkLexicon
from tests.unit.repos.lexicons.documents import THING, lexicon_of

OTHER = "com.example.network.other"


def resolved():
    """After the worker's next turn, in a process that has forgotten."""
    resolving.resolve_wanted()
    record_types.forget()


def status(record, validate=None):
    return writes.create(THING, "a", record, validate).validation_status


def test_the_first_write_waits_for_nobody(network):
    network.publish(lexicon_of(n={"type": "integer"}))
    assert status({"n": "no number"}) == "unknown"
    assert network.asked == []


def test_later_writes_are_checked(network):
    network.publish(lexicon_of(n={"type": "integer"}))
    status({"n": 1})
    resolved()
    assert status({"n": 1}) == "valid"
    with pytest.raises(LexiconError, match="Record/n must be an integer"):
        status({"n": "no number"})


def test_a_check_that_is_asked_for_needs_a_known_lexicon(network):
    network.publish(lexicon_of())
    with pytest.raises(InvalidRequest, match="Unknown lexicon type"):
        status({}, validate=True)
    resolved()
    assert status({}, validate=True) == "valid"


def test_who_asks_for_no_check_gets_none(network):
    network.publish(lexicon_of(n={"type": "integer"}))
    status({"n": 1})
    resolved()
    assert status({"n": "no number"}, validate=False) is None


def test_a_lexicon_that_is_nowhere_stays_unknown(network):
    assert status({}) == "unknown"
    resolved()
    assert status({}) == "unknown"


def test_what_a_lexicon_depends_on_is_resolved_before_it_is_used(network):
    network.publish(lexicon_of(n={"type": "ref", "ref": f"{OTHER}#count"}))
    needed = lexicon_of(OTHER)
    needed["defs"]["count"] = {"type": "integer"}
    network.publish(needed)
    seen = []
    for _ in range(3):
        seen.append(status({"n": 1}))
        resolved()
    assert [*seen, status({"n": 1})] == ["unknown", "unknown", "valid", "valid"]
    with pytest.raises(LexiconError):
        status({"n": "no number"})


def test_a_lexicon_that_depends_on_nothing_to_be_found_is_unknown(network):
    network.publish(lexicon_of(n={"type": "ref", "ref": f"{OTHER}#count"}))
    for _ in range(3):
        status({"n": 1})
        resolved()
    assert status({"n": 1}) == "unknown"


def test_a_literal_key_of_the_network_is_insisted_on(network):
    document = lexicon_of()
    document["defs"]["main"]["key"] = "literal:self"
    network.publish(document)
    status({})
    resolved()
    assert writes.create(THING, None, {}).rkey == "self"
    with pytest.raises(LexiconError):
        status({})


def test_a_lexicon_of_no_record_checks_none(network):
    document = lexicon_of()
    document["defs"] = {"main": {"type": "query"}}
    network.publish(document)
    status({})
    resolved()
    assert status({}) == "unknown"


def test_bundled_lexicons_are_never_looked_for(network):
    writes.create("app.bsky.feed.like", "a", {}, validate=False)
    with pytest.raises(LexiconError):
        writes.create("app.bsky.feed.like", "a", {})
    assert not NetworkLexicon.objects.exists()


def test_a_large_record_of_a_wide_lexicon_is_not_checked(network, monkeypatch):
    network.publish(lexicon_of(n={"type": "integer"}))
    status({"n": 1})
    resolved()
    monkeypatch.setattr(record_types, "MAX_WORK", 1_000)
    assert status({"n": 1, "text": "x" * 2_000}) == "unknown"
    assert status({"n": 1}) == "valid"


def test_switched_off_nothing_is_looked_for(network, settings):
    settings.LEXICON_RESOLUTION = False
    assert status({}) == "unknown"
    assert not NetworkLexicon.objects.exists()


def test_what_has_not_changed_is_not_compiled_again(network, monkeypatch):
    network.publish(lexicon_of(n={"type": "integer"}))
    status({"n": 1})
    resolved()
    status({"n": 1})
    monkeypatch.setattr(record_types, "compiled_type", None)  # nobody calls it
    outdate(monkeypatch)
    assert status({"n": 1}) == "valid"


def test_a_renewed_lexicon_is_used_within_a_minute(network, monkeypatch):
    network.publish(lexicon_of(n={"type": "integer"}))
    status({"n": 1})
    resolved()
    status({"n": 1})
    network.publish(lexicon_of(n={"type": "string"}))
    NetworkLexicon.objects.update(is_wanted=True, due_at=timezone.now())
    resolving.resolve_wanted()
    outdate(monkeypatch)
    assert status({"n": "text"}) == "valid"


def outdate(monkeypatch):
    """A minute later."""
    later = time.monotonic() + record_types.REMEMBERED_S + 1
    monkeypatch.setattr("repos.lexicons.record_types.time.monotonic", lambda: later)
