"""/metrics: for who has the token, and what it says."""

import threading
import time

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from relay.models import RelayHost
from server.cache import counters
from server.cache.counters import Counters, read, series

pytestmark = pytest.mark.django_db


def shown(token: str = "secret") -> tuple[int, str]:
    answer = Client(headers={"host": "127.0.0.1"}).get(
        "/metrics", headers={"authorization": f"Bearer {token}"}
    )
    return answer.status_code, answer.text


def test_nobody_reads_without_the_token(settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert shown("")[0] == 404
    settings.METRICS_TOKEN = "secret"
    assert shown("wrong")[0] == 401


def test_hosts_show_with_what_was_taken_refused_and_used(settings: Settings) -> None:
    settings.METRICS_TOKEN = "secret"
    host = RelayHost.objects.create(
        hostname="pds.example", account_limit=100, account_count=80, accepted_count=7, lag_s=3
    )
    host.rejections.create(reason="old-rev", count=5, last_at=timezone.now())
    status, text = shown()
    assert status == 200
    assert 'grove_relay_accepted_events_total{host="pds.example"} 7' in text
    assert 'grove_relay_rejected_events_total{host="pds.example",reason="old-rev"} 5' in text
    assert 'grove_relay_accounts{host="pds.example"} 80' in text
    assert 'grove_relay_lag_seconds{host="pds.example"} 3' in text
    assert "# TYPE grove_relay_accounts gauge" in text


def test_processes_are_added_up_and_names_are_quoted() -> None:
    what = series("grove_test_total", host='a"b\n')
    assert what == 'grove_test_total{host="a\\"b\\n"}'
    before = read().get(what, 0)
    one, other = Counters(), Counters()
    for process in (one, other):
        process.add(what, 2)
        process.move("grove_test_level", 1)
        process.flush()
    assert read()[what] == before + 4
    assert read()["grove_test_level"] == 2
    one.move("grove_test_level", -1)
    one.flush()
    assert read()["grove_test_level"] == 1


def test_a_counter_that_nobody_adds_to_is_forgotten_and_the_quietest_of_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process = Counters()
    names = ["grove_quiet_total", "grove_older_total", "grove_newer_total"]
    monkeypatch.setattr(counters, "TOLD_MAX", 10**9)
    for name in names:
        process.add(name)
        process.flush()
    client = counters.valkey_client()
    client.zadd("metrics:told", {names[0]: time.time() - counters.QUIET_S})
    process.flush()
    assert set(names) & set(read()) == set(names[1:])
    monkeypatch.setattr(counters, "TOLD_MAX", client.zcard("metrics:told"))
    client.zadd("metrics:told", {names[1]: time.time() - counters.QUIET_S / 2})
    process.add(names[0])
    process.flush()
    assert names[1] not in read()


def test_a_process_tells_by_one_thread_and_its_fork_by_another() -> None:
    process = Counters()
    before = threading.active_count()
    adders = [threading.Thread(target=process.add, args=("grove_x_total",)) for _ in range(8)]
    for each in adders:
        each.start()
    for each in adders:
        each.join()
    assert threading.active_count() == before + 1
    process.begin_anew()  # as a fork does
    process.add("grove_x_total")
    assert threading.active_count() == before + 2
