"""Budgets of attempts, with Valkey and without."""

import secrets
import time
from contextlib import suppress
from uuid import uuid4

import pytest
import redis
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from hosting import limits
from hosting.limits import Bucket, Budget, Ledger, RateLimitExceeded, Store
from hosting.models import Host

TWO = Bucket("two", (Budget(2, 86_400),))


@pytest.fixture
def _without_valkey(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(limits, "LEDGER", Ledger(Store()))
    settings.VALKEY_URL = "unix:///nowhere.sock"


def spend(host: Host, *who: str, times: int = 1) -> None:
    for _ in range(times):
        limits.spend(TWO, host, *who)


def test_the_budget_is_what_may_be_spent(ash: Host) -> None:
    spend(ash, "alice", "192.0.2.1", times=2)
    with pytest.raises(RateLimitExceeded):
        spend(ash, "alice", "192.0.2.1")


def test_letter_case_buys_no_attempts(ash: Host) -> None:
    spend(ash, "alice", times=2)
    with pytest.raises(RateLimitExceeded):
        spend(ash, "ALICE")


def test_names_addresses_and_hosts_have_budgets_of_their_own(ash: Host, birch: Host) -> None:
    spend(ash, "alice", "192.0.2.1", times=2)
    spend(ash, "bob", "192.0.2.1")
    spend(ash, "alice", "192.0.2.2")
    spend(birch, "alice", "192.0.2.1")


@pytest.mark.usefixtures("_without_valkey")
def test_without_valkey_the_process_counts_for_itself(ash: Host) -> None:
    spend(ash, "alice", times=2)
    with pytest.raises(RateLimitExceeded):
        spend(ash, "alice")


@pytest.mark.long
def test_a_new_window_is_a_new_budget(ash: Host) -> None:
    brief = Bucket("brief", (Budget(1, 1),))
    limits.spend(brief, ash, "alice")
    until = time.monotonic() + 60
    while time.monotonic() < until:  # a late word of Valkey's makes the window longer here
        with suppress(RateLimitExceeded):
            limits.spend(brief, ash, "alice")
            return
        time.sleep(0.1)
    pytest.fail("the window never ended")


def test_a_sandbox_without_limits_has_none(ash: Host, settings: Settings) -> None:
    settings.RATE_LIMITS = False
    spend(ash, "alice", times=5)


def test_a_refusal_says_when_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hosting.limits.budgets.time.time", lambda: 990.0)
    assert RateLimitExceeded(Budget(30, 300), 1200).headers == {
        "RateLimit-Limit": "30",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "1200",
        "RateLimit-Policy": "30;w=300",
        "Retry-After": "210",
    }


def test_refused_log_ins_leave_nothing_behind(
    ash: Host, rf: RequestFactory, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(limits, "GUESSES", Bucket("two-guesses", (Budget(2, 86_400),)))
    valkey = redis.Redis.from_url(settings.VALKEY_URL)
    counters = f"limit:{{{ash.pk}}}:login:*"
    before = set(valkey.scan_iter(counters))  # of a host of the same number, in another test
    ours = uuid4()
    refused = 0
    for number in range(20):
        try:
            with limits.logging_in(rf.get("/"), ash, f"{ours}-{number}", ValueError):
                int("a wrong password")
        except ValueError:
            continue
        except RateLimitExceeded:
            refused += 1
    kept = set(valkey.scan_iter(counters)) - before
    assert (refused, len(kept)) == (18, 2 * len(limits.LOGIN.budgets))


def test_a_bucket_is_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROVE_LIMIT_TWO_A_DAY", "5/60 7/3600")
    made = limits.bucket("two-a-day", Budget(2, 86_400))
    assert made.budgets == (Budget(5, 60), Budget(7, 3_600))
    assert limits.bucket("three-a-day", Budget(3, 86_400)).budgets == (Budget(3, 86_400),)


@pytest.mark.parametrize("wrong", ["5", "5/0", "/60", "five/60", "5/60,x"])
def test_a_budget_that_is_none_stops_the_start(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("GROVE_LIMIT_TWO_A_DAY", wrong)
    with pytest.raises(SystemExit, match="GROVE_LIMIT_TWO_A_DAY must be limits such as 30/300"):
        limits.bucket("two-a-day", Budget(2, 86_400))


def test_what_the_event_loop_notes_is_refused_beyond_the_budget(ash: Host) -> None:
    once = Bucket(secrets.token_hex(8), (Budget(1, 86_400),))
    charged = limits.charges(once, (), "2001:db8:7::/64")
    assert limits.note(charged).remaining == 0
    with pytest.raises(RateLimitExceeded):
        limits.note(charged)


def test_so_many_at_once_and_no_more() -> None:
    counted = limits.ConcurrencyLimit()
    with counted.hold([("alice", 1)]):
        with pytest.raises(RateLimitExceeded), counted.hold([("bob", 1), ("alice", 1)]):
            pytest.fail("alice has one under way already")
        with counted.hold([("bob", 1)]):
            assert len(counted) == 2
    assert len(counted) == 0
