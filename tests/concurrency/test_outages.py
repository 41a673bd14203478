"""Services die under those who read, write and sign in: clear answers, and nothing is lost.

Every answer is a success or says what to do: 503 with Retry-After while Postgres is away. A Valkey
that is killed or hangs is noticed by nobody.
"""

import json
import os
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from statistics import median

import psycopg
import pytest

from tests.concurrency.client import POST, Api, Person, sign_up
from tests.concurrency.test_kill import exported, kill_and_recover, repository, wait_until
from tests.running import RunningGrove, running_grove

pytestmark = pytest.mark.slow

SESSION = "com.atproto.server.getSession"
GET, CREATE = "com.atproto.repo.getRecord", "com.atproto.repo.createRecord"


@pytest.fixture(scope="module")
def grove() -> Iterator[RunningGrove]:
    with running_grove(GROVE_RATE_LIMITS="on") as started:
        yield started


class Caller(threading.Thread):
    """Calls one thing again and again and notes each answer; `kept` are acknowledged writes."""

    def __init__(self, ask: Callable[[], tuple[int, dict[str, str], bytes]]) -> None:
        super().__init__(daemon=True)
        self.ask = ask
        self.stop = threading.Event()
        self.answers: list[tuple[int, str, bool]] = []
        self.kept: dict[str, str] = {}
        self.took_s: list[float] = []

    def run(self) -> None:
        while not self.stop.is_set():
            begun = time.monotonic()
            status, headers, body = self.ask()
            self.took_s.append(time.monotonic() - begun)
            answer = json.loads(body)
            has_advice = "retry-after" in {name.lower() for name in headers}
            self.answers.append((status, answer.get("error", ""), has_advice))
            if status == 200 and "uri" in answer and "commit" in answer:
                self.kept[answer["uri"]] = answer["cid"]
            time.sleep(0.01)

    def tally(self) -> Counter[tuple[int, str, bool]]:
        return Counter(self.answers)


def asking(
    grove: RunningGrove, person: Person, nsid: str
) -> Callable[[], tuple[int, dict[str, str], bytes]]:
    """One of the three things that callers do, over a connection of its own."""
    api = Api(grove.port, person.token)
    wanted = {"repo": person.did, "collection": POST, "record": post()}
    made = api.call(CREATE, wanted)
    rkey = made["uri"].rpartition("/")[2]

    def ask() -> tuple[int, dict[str, str], bytes]:
        if nsid == CREATE:
            return api.whole(CREATE, wanted)
        if nsid == GET:
            return api.whole(GET, repo=person.did, collection=POST, rkey=rkey)
        return api.whole(SESSION)

    return ask


def post() -> dict[str, str]:
    return {"$type": POST, "text": "hi", "createdAt": "2026-01-01T00:00:00Z"}


@pytest.fixture
def callers(grove: RunningGrove) -> Iterator[list[Caller]]:
    person = sign_up(grove.port)
    started = [Caller(asking(grove, person, nsid)) for nsid in (CREATE, CREATE, GET, SESSION)]
    for caller in started:
        caller.start()
    time.sleep(0.5)
    yield started
    for caller in started:
        caller.stop.set()
    for caller in started:
        caller.join(30)
    held = repository(exported(grove, person))
    for caller in started:
        for uri, cid_text in caller.kept.items():
            assert held[uri.removeprefix(f"at://{person.did}/").encode()] == cid_text


def go_on(callers: list[Caller], grove: RunningGrove) -> None:
    """Until everybody has succeeded again a few times."""
    before = [caller.tally()[200, "", False] for caller in callers]
    wait_until(
        lambda: all(
            caller.tally()[200, "", False] > count + 5
            for caller, count in zip(callers, before, strict=True)
        ),
        grove,
    )


def assert_clear(callers: list[Caller]) -> None:
    allowed = {(200, "", False), (503, "ServiceUnavailable", True)}
    for caller in callers:
        assert caller.is_alive()
        assert set(caller.tally()) <= allowed, caller.tally()


def test_postgres_restarts_under_load(grove: RunningGrove, callers: list[Caller]) -> None:
    kill_and_recover(grove, "postgres")
    go_on(callers, grove)
    assert_clear(callers)


def test_every_connection_is_cut_again_and_again(
    grove: RunningGrove, callers: list[Caller]
) -> None:
    url = json.loads((grove.data / "services.json").read_text())["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(5):
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            time.sleep(0.3)
    go_on(callers, grove)
    assert_clear(callers)


def test_nobody_notices_that_valkey_was_killed(grove: RunningGrove, callers: list[Caller]) -> None:
    kill_and_recover(grove, "valkey")
    go_on(callers, grove)
    for caller in callers:
        assert set(caller.tally()) == {(200, "", False)}


def test_nobody_waits_for_a_valkey_that_hangs(grove: RunningGrove, callers: list[Caller]) -> None:
    valkey = grove.pids()["valkey"]
    os.kill(valkey, signal.SIGSTOP)
    try:
        time.sleep(2.0)
        go_on(callers, grove)
    finally:
        os.kill(valkey, signal.SIGCONT)
    for caller in callers:
        assert set(caller.tally()) == {(200, "", False)}
        assert median(caller.took_s) < 4  # Celery alone would wait for five seconds, each time


def test_limits_hold_while_valkey_is_away(grove: RunningGrove) -> None:
    os.kill(grove.pids()["valkey"], signal.SIGSTOP)
    try:
        api = Api(grove.port)
        login = {"identifier": "nobody.test", "password": "wrong"}
        statuses = [api.raw("com.atproto.server.createSession", login)[0] for _ in range(32)]
    finally:
        os.kill(grove.pids()["valkey"], signal.SIGCONT)
    assert statuses == [401] * 30 + [429] * 2


def test_a_worker_killed_within_a_sign_up_loses_none(grove: RunningGrove) -> None:
    """At worst the person is told that nothing is lost, and sends the same form again."""
    stop = threading.Event()
    signed_up: list[dict[str, str]] = []

    def keep_signing_up() -> None:
        while not stop.is_set():
            signed_up.append(insistently(grove, f"w{secrets.token_hex(5)}.test"))

    signing = threading.Thread(target=keep_signing_up)
    signing.start()
    time.sleep(0.5)
    kill_and_recover(grove, "worker")
    before = len(signed_up)
    wait_until(lambda: len(signed_up) > before + 2, grove)
    stop.set()
    signing.join(60)
    for answer in signed_up:
        assert Api(grove.port, answer["accessJwt"]).call(SESSION)["handle"] == answer["handle"]


def insistently(grove: RunningGrove, handle: str) -> dict[str, str]:
    """A sign-up, sent again while the server says that it is not lost."""
    wanted = {"handle": handle, "email": f"{handle}@example.com", "password": "hunter2hunter2"}
    for _ in range(5):
        status, body = Api(grove.port).raw("com.atproto.server.createAccount", wanted)
        if status == 200:
            return dict(json.loads(body))
        assert (status, b"Nothing is lost" in body) == (504, True), body
    raise AssertionError(f"{handle} was never signed up")
