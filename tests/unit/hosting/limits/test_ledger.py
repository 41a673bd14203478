"""Counting in processes and at Valkey: two ledgers are two processes that share one Valkey."""

import os
import secrets
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import redis
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from hosting.limits import Bucket, Budget, Charge, Ledger, RateLimitExceeded, Store
from hosting.limits.counters import CALM_PART, Counters
from hosting.limits.store import Asked, Verdict, key_text
from server.embedded import valkey

DAY = 86_400
HOST = 1
STRICT = Bucket("strict", (Budget(5, DAY),))
HOT = Bucket("hot", (Budget(1_000, DAY),), slack=50)


def charge(bucket: Bucket, who: str, points: int = 1) -> list[Charge]:
    return [Charge(bucket, (who,), points)]


def admitted(ledger: Ledger, bucket: Bucket, who: str, tries: int) -> int:
    """How many of so many attempts pass."""
    count = 0
    for _ in range(tries):
        try:
            ledger.spend(HOST, charge(bucket, who))
        except RateLimitExceeded:
            continue
        count += 1
    return count


@pytest.fixture
def who() -> str:
    return secrets.token_hex(8)


@pytest.fixture
def two() -> tuple[Ledger, Ledger]:
    return Ledger(Store()), Ledger(Store())


def test_a_strict_budget_is_exact_over_processes(two: tuple[Ledger, Ledger], who: str) -> None:
    assert sum(admitted(ledger, STRICT, who, 4) for ledger in two) == 5


def test_a_strict_budget_is_exact_over_threads(two: tuple[Ledger, Ledger], who: str) -> None:
    passed = []
    threads = [
        threading.Thread(target=lambda led=ledger: passed.append(admitted(led, STRICT, who, 3)))
        for ledger in two
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed) == 5


def test_a_hot_budget_is_exact_in_one_process(two: tuple[Ledger, Ledger], who: str) -> None:
    assert admitted(two[0], HOT, who, 1_200) == 1_000


def test_a_hot_budget_of_several_processes_lets_slack_too_many_through_at_most(
    two: tuple[Ledger, Ledger], who: str
) -> None:
    admitted_by_turns = sum(admitted(ledger, HOT, who, 10) for _ in range(70) for ledger in two)
    assert 1_000 <= admitted_by_turns <= 1_000 + HOT.slack


def test_far_from_its_end_a_hot_budget_asks_only_now_and_then(
    who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store()
    asked: list[int] = []
    ask = store.run

    def counted(questions: Sequence[Asked]) -> Verdict:
        asked.append(len(questions))
        return ask(questions)

    monkeypatch.setattr(store, "run", counted)
    admitted(Ledger(store), HOT, who, int(1_000 * CALM_PART))
    assert len(asked) <= 900 // HOT.slack + 8  # and what the teller told meanwhile


def test_what_one_process_counted_the_other_hears(two: tuple[Ledger, Ledger], who: str) -> None:
    for _ in range(30):
        two[0].spend(HOST, charge(HOT, who))
    two[0].flush()
    two[1].spend(HOST, charge(HOT, who))
    two[1].flush()
    assert two[1].spend(HOST, charge(HOT, who)).remaining == 1_000 - 32


def test_all_charges_are_taken_or_none(two: tuple[Ledger, Ledger], who: str) -> None:
    ledger, other = two
    for _ in range(5):
        ledger.spend(HOST, charge(STRICT, who))
    wide = Bucket("wide", (Budget(10, DAY),))
    with pytest.raises(RateLimitExceeded):
        other.spend(HOST, [*charge(wide, who), *charge(STRICT, who)])
    assert other.spend(HOST, charge(wide, who)).remaining == 9


def test_a_charge_that_does_not_fit_leaves_room_for_a_smaller_one(
    two: tuple[Ledger, Ledger], who: str
) -> None:
    two[0].spend(HOST, charge(STRICT, who, 3))
    with pytest.raises(RateLimitExceeded):
        two[0].spend(HOST, charge(STRICT, who, 3))
    assert two[1].spend(HOST, charge(STRICT, who, 2)).remaining == 0


def test_the_tightest_budget_is_reported(two: tuple[Ledger, Ledger], who: str) -> None:
    both = Bucket("both", (Budget(100, 60), Budget(7, DAY)))
    standing = two[0].spend(HOST, charge(both, who))
    assert (standing.budget, standing.remaining) == (Budget(7, DAY), 6)
    assert standing.headers["RateLimit-Policy"] == f"7;w={DAY}"


def test_what_was_given_back_may_be_spent_again(two: tuple[Ledger, Ledger], who: str) -> None:
    for _ in range(5):
        two[0].spend(HOST, charge(STRICT, who))
    two[0].refund(HOST, charge(STRICT, who))
    two[0].flush()
    assert admitted(two[1], STRICT, who, 3) == 1


def test_giving_back_what_was_not_taken_makes_no_credit(
    two: tuple[Ledger, Ledger], who: str
) -> None:
    two[0].refund(HOST, charge(STRICT, who, 3))
    two[0].flush()
    assert admitted(two[1], STRICT, who, 8) == 5


def test_hosts_have_budgets_of_their_own(two: tuple[Ledger, Ledger], who: str) -> None:
    admitted(two[0], STRICT, who, 5)
    assert two[0].spend(2, charge(STRICT, who)).remaining == 4


@pytest.mark.long
def test_a_window_begins_with_its_first_attempt_and_ends(
    two: tuple[Ledger, Ledger], who: str
) -> None:
    brief = Bucket("brief", (Budget(1, 3),))
    assert admitted(two[0], brief, who, 2) == 1
    time.sleep(3.1)
    assert sum(admitted(ledger, brief, who, 2) for ledger in two) == 1


def test_valkey_learns_neither_names_nor_addresses() -> None:
    assert "alice" not in key_text((1, "login", 300, ("alice.test", "192.0.2.1")))


@pytest.fixture
def own_valkey(settings: Settings) -> Iterator[valkey.Valkey]:
    """A Valkey of this test's own, to be killed and stopped."""
    server = valkey.start(Path(tempfile.mkdtemp(prefix="grove-limits-")))
    settings.VALKEY_URL = server.url
    yield server
    if server.process.poll() is None:
        os.kill(server.process.pid, signal.SIGCONT)
        server.stop()


def test_a_valkey_that_dies_opens_no_door(own_valkey: valkey.Valkey, who: str) -> None:
    ledger = Ledger(Store())
    assert admitted(ledger, STRICT, who, 3) == 3
    own_valkey.process.kill()
    own_valkey.process.wait()
    assert admitted(ledger, STRICT, who, 10) == 2  # what was counted before still counts


def test_a_valkey_that_hangs_costs_one_attempt_a_quarter_of_a_second(
    own_valkey: valkey.Valkey, who: str
) -> None:
    ledger = Ledger(Store())
    os.kill(own_valkey.process.pid, signal.SIGSTOP)
    begun = time.monotonic()
    assert admitted(ledger, STRICT, who, 200) == 5
    assert time.monotonic() - begun < 40  # 200 attempts of a quarter of a second are 50 s


@pytest.mark.long
def test_a_valkey_that_comes_back_is_told(own_valkey: valkey.Valkey, who: str) -> None:
    ledger = Ledger(Store())
    os.kill(own_valkey.process.pid, signal.SIGSTOP)
    admitted(ledger, STRICT, who, 4)
    os.kill(own_valkey.process.pid, signal.SIGCONT)
    with redis.Redis.from_url(own_valkey.url) as client:
        assert client.ping()  # it is awake by now
    time.sleep(1.1)  # store.RETRY_S
    ledger.flush()
    assert admitted(Ledger(Store()), STRICT, who, 5) <= 1


def test_counters_stay_few_and_keep_the_longest_windows() -> None:
    counters = Counters(most=4)
    short, long = Bucket("short", (Budget(9, 300),)), Bucket("long", (Budget(9, DAY),))
    (kept,) = counters.of(HOST, Charge(long, ("x",)), 0.0)
    for number in range(100):
        counters.of(HOST, Charge(short, (str(number),)), 0.0)
        assert len(counters) <= 4
    assert counters.of(HOST, Charge(long, ("x",)), 0.0) == [kept]


@hypothesis_settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 4)), max_size=30))
def test_no_order_of_attempts_spends_more_than_there_is(attempts: list[tuple[int, int]]) -> None:
    ledgers, who, spent = (Ledger(Store()), Ledger(Store())), secrets.token_hex(8), 0
    bucket = Bucket("any", (Budget(11, DAY),))
    for which, points in attempts:
        try:
            ledgers[which].spend(HOST, charge(bucket, who, points))
        except RateLimitExceeded:
            assert spent + points > 11
        else:
            spent += points
    assert spent <= 11
