"""Rates: seconds are waited for, hours are not."""

import asyncio

import pytest

from relay.hosts.allowances import Rates
from relay.ingestion.rates import Meter, Throttled


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_more_than_a_seconds_worth_waits_for_the_seconds_it_takes() -> None:
    clock = Clock()
    meter = Meter(Rates(50, 10_000, 100_000), clock)
    assert meter.wait_s(49) == 0
    assert meter.wait_s(1) == 1
    clock.now = 1.0
    assert meter.wait_s(120) == 2


def test_an_hours_worth_leaves_the_host_alone() -> None:
    clock = Clock()
    meter = Meter(Rates(1_000, 100, 100_000), clock)
    clock.now = 600.0
    with pytest.raises(Throttled) as throttled:
        asyncio.run(meter.admit(100))
    assert throttled.value.for_s == 3_000


def test_a_raised_limit_holds_at_once() -> None:
    meter = Meter(Rates(1_000, 100, 100_000), Clock())
    meter.wait_s(99)
    meter.allow(Rates(1_000, 1_000, 100_000))
    assert meter.wait_s(1) == 0


def test_how_much_of_an_hours_or_a_days_events_is_used() -> None:
    clock = Clock()
    meter = Meter(Rates(1_000, 100, 1_000), clock)
    assert meter.use_percent() == 0
    meter.wait_s(80)
    assert meter.use_percent() == 80
    clock.now = 3_700.0
    assert meter.use_percent() == 8  # of the day


def test_a_meter_is_over_when_its_day_is() -> None:
    clock = Clock()
    meter = Meter(Rates(50, 100, 100), clock)
    clock.now = 86_399.0
    assert meter.wait_s(1) == 0
    clock.now = 86_400.0
    assert not meter.is_over()  # an hour of it is not
    clock.now += 3_600.0
    assert meter.is_over()
