"""What the network said, shared by processes and kept by each."""

import secrets
import time

import pytest
import redis

from accounts.identity.resolution import dids
from accounts.oauth.clients import fetching
from repos.lexicons import permission_sets
from server.cache import shared
from server.cache.shared import SharedCache
from server.embedded import valkey


@pytest.fixture
def name():
    """A memory of the test's own in the shared Valkey."""
    return secrets.token_hex(8)


@pytest.fixture
def later(monkeypatch):
    """Move both clocks."""

    def move(seconds):
        wall, steady = time.time() + seconds, time.monotonic() + seconds
        monkeypatch.setattr(time, "time", lambda: wall)
        monkeypatch.setattr(shared.time, "monotonic", lambda: steady)

    return move


class Away:
    """A Valkey that does not answer."""

    def __getattr__(self, _name):
        def fail(*_args, **_more):
            raise redis.ConnectionError("away")

        return fail


@pytest.fixture
def away(monkeypatch):
    monkeypatch.setattr(shared, "valkey_client", Away)


def test_what_one_process_puts_another_gets(name):
    SharedCache(name).put("key", {"a": 1}, fresh_s=10, keep_s=20)
    assert SharedCache(name).get("key").value == {"a": 1}


def test_nothing_is_there_before_it_is_put(name):
    assert SharedCache(name).get("key") is None


def test_an_entry_grows_stale_and_then_ends(name, later):
    own = SharedCache(name)
    own.put("key", 1, fresh_s=10, keep_s=20)
    assert own.get("key").is_fresh
    later(11)
    assert not SharedCache(name).get("key").is_fresh
    later(10)
    assert SharedCache(name).get("key") is None


def test_what_is_forgotten_is_forgotten_everywhere_within_seconds(name, later):
    one, other = SharedCache(name), SharedCache(name)
    one.put("key", 1, fresh_s=100, keep_s=100)
    assert other.get("key")
    one.forget("key")
    assert one.get("key") is None
    later(shared.OWN_COPY_S + 1)
    assert other.get("key") is None


def test_what_another_process_learns_anew_arrives_within_seconds(name, later):
    one, other = SharedCache(name), SharedCache(name)
    one.put("key", "old", fresh_s=100, keep_s=100)
    other.get("key")
    one.put("key", "new", fresh_s=100, keep_s=100)
    assert other.get("key").value == "old"
    later(shared.OWN_COPY_S + 1)
    assert other.get("key").value == "new"


def test_a_postponed_entry_is_fresh_again_but_lives_no_longer(name, later):
    own = SharedCache(name)
    own.put("key", 1, fresh_s=10, keep_s=20)
    later(11)
    own.postpone("key", own.get("key"), 60)
    assert own.get("key").is_fresh
    later(10)
    assert own.get("key") is None


def test_while_valkey_is_away_a_process_keeps_its_own(name, later, away):
    own = SharedCache(name)
    own.put("key", 1, fresh_s=100, keep_s=100)
    later(shared.OWN_COPY_S + 1)
    assert own.get("key").value == 1
    own.forget("key")
    assert own.get("key") is None


def test_an_entry_that_cannot_be_read_is_none(name):
    shared.valkey_client().set(SharedCache(name).slot_of("key"), b"not json")
    assert SharedCache(name).get("key") is None


def test_a_process_keeps_a_bounded_number(name, away):
    own = SharedCache(name, most=10)
    for number in range(25):
        own.put(str(number), number, fresh_s=10, keep_s=10)
    assert len(own.own) <= 10
    assert own.get("24").value == 24


def test_valkey_keeps_a_bounded_number_and_tells_keys_apart(name):
    one = SharedCache(name, slots=1)
    for key in ("first", "second"):
        one.put(key, key, fresh_s=100, keep_s=100)
    assert len(shared.valkey_client().keys(f"memory:{name}:*")) == 1
    other = SharedCache(name, slots=1)
    assert (other.get("first"), other.get("second").value) == (None, "second")


def test_what_is_large_stays_with_whoever_asked(name):
    one = SharedCache(name)
    one.put("key", "small", fresh_s=100, keep_s=100)
    one.put("key", "x" * shared.SHARED_MAX_BYTES, fresh_s=100, keep_s=100)
    assert one.get("key").value.startswith("xx")
    assert SharedCache(name).get("key") is None


def test_a_process_keeps_a_bounded_number_of_bytes(name, away, monkeypatch):
    monkeypatch.setattr(shared, "OWN_MAX_BYTES", 10_000)
    own = SharedCache(name)
    for number in range(50):
        own.put(str(number), "x" * 1_000, fresh_s=10, keep_s=10)
        own.put(str(number), "x" * 2_000, fresh_s=10, keep_s=10)
    assert len(own.own) <= 5
    assert own.get("49").value


def test_what_strangers_write_leaves_valkey_most_of_its_room():
    kinds = (dids.CACHE, fetching.DOCUMENTS.cache, permission_sets.REMEMBERED)
    most_bytes = sum(kind.slots for kind in kinds) * shared.SHARED_MAX_BYTES
    assert most_bytes < valkey.MEMORY_MAX_BYTES / 2
