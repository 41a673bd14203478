"""A service token serves once, whether Valkey is there or not."""

import time

import pytest
import redis

from accounts.service_auth import replay_guard
from accounts.service_auth.replay_guard import LocalGuard, use_once
from accounts.service_auth.tokens import ServiceClaims
from protocol.errors import InvalidRequest
from server.encryption.compact_jws import BadServiceToken


def claims(mark: str, iss: str = "did:plc:a", exp: float = 0) -> ServiceClaims:
    return ServiceClaims(iss, "did:web:b", "x.y.z", int(exp or time.time() + 60), mark, mark)


class Valkey:
    """As much of a client as is used, over a dict."""

    def __init__(self):
        self.marks = {}

    def set(self, key):
        return None if key in self.marks else self.marks.setdefault(key, b"OK")

    def delete(self, key):
        self.marks.pop(key, None)


class NoValkey:
    def set(self, *_, **__):
        raise redis.ConnectionError

    def delete(self, key):
        raise redis.ConnectionError


@pytest.fixture(params=[Valkey, NoValkey])
def store(request, monkeypatch):
    client = request.param()
    monkeypatch.setattr(replay_guard, "valkey_client", lambda: client)
    monkeypatch.setattr(replay_guard, "answer_of", lambda asked: client.set(asked[1]))
    monkeypatch.setattr(replay_guard.AWAY, "until", 0.0)
    monkeypatch.setattr(replay_guard, "LOCAL", LocalGuard(8))
    return client


def test_a_second_use_is_refused(ash, store):
    with use_once(ash, claims("1")):
        pass
    with pytest.raises(BadServiceToken, match="used already"), use_once(ash, claims("1")):
        pass


def test_a_refusal_gives_the_token_back(ash, store):
    with pytest.raises(InvalidRequest), use_once(ash, claims("1")):
        raise InvalidRequest("handle taken")
    with use_once(ash, claims("1")):
        pass


def test_other_tokens_issuers_and_hosts_are_other_marks(ash, birch, store):
    for host, who in [(ash, claims("1")), (ash, claims("2")), (birch, claims("1"))]:
        with use_once(host, who):
            pass
    with use_once(ash, claims("1", iss="did:plc:b")):
        pass


def test_own_marks_end_with_their_token():
    marks = LocalGuard(8)
    assert marks.claim("a", int(time.time()) - 1)
    assert marks.claim("a", int(time.time()) + 60)
    assert not marks.claim("a", int(time.time()) + 60)


def test_own_marks_are_bounded_and_those_that_end_first_go():
    marks = LocalGuard(4)
    later = int(time.time()) + 60
    for number in range(5):
        marks.claim(str(number), later + number)
    assert marks.claim("0", later)
    assert not marks.claim("4", later)
