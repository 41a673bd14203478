"""Budgets of attempts, with Valkey and without."""

import pytest
import redis
from pytest_django.fixtures import Settings

from hosting import limits
from hosting.limits import Bucket, Budget, OwnCounters, RateLimitExceeded
from hosting.models import Host

TWO = Bucket("two", (Budget(2, 86_400),))


@pytest.fixture
def _without_valkey(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = redis.Redis(unix_socket_path="/nowhere.sock")
    monkeypatch.setattr(limits, "_valkey", lambda: gone)


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


def test_a_new_window_is_a_new_budget(ash: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    spend(ash, "alice", times=2)
    monkeypatch.setattr("hosting.limits.time.time", lambda: 86_400 * 40_000.0)
    spend(ash, "alice")


def test_a_sandbox_without_limits_has_none(ash: Host, settings: Settings) -> None:
    settings.RATE_LIMITS = False
    spend(ash, "alice", times=5)


def test_a_refusal_says_when_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hosting.limits.time.time", lambda: 990.0)
    assert RateLimitExceeded(Budget(30, 300), 1200).headers == {
        "RateLimit-Limit": "30",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "1200",
        "RateLimit-Policy": "30;w=300",
        "Retry-After": "210",
    }


def test_own_counters_stay_few_and_keep_the_longest_windows() -> None:
    counters = OwnCounters(most=4)
    for number in range(100):
        counters.count(f"short {number}", ends_at=300)
        assert counters.count("long", ends_at=86_400) == number + 1
        assert len(counters._counts) <= 4
