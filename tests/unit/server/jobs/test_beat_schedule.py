"""What the clock sends out must be something a worker knows."""

import pytest
from celery.signals import worker_init
from django.db import connections

from hosting.celery import app, plan_for_values
from server.jobs import beat_schedule


@pytest.mark.parametrize("name", sorted(beat_schedule.SCHEDULE))
def test_every_periodic_task_is_one_that_workers_know(name: str) -> None:
    app.loader.import_default_modules()
    assert name in app.tasks


def test_a_task_that_waited_longer_than_its_period_is_dropped() -> None:
    for entry in beat_schedule.SCHEDULE.values():
        assert entry["options"]["expires"] == entry["schedule"]


def test_a_workers_statements_are_planned_for_their_values(monkeypatch) -> None:
    options = connections.settings["default"]["OPTIONS"]
    monkeypatch.setitem(options, "options", "-c plan_cache_mode=force_generic_plan")
    assert any(receiver() is plan_for_values for _key, receiver in worker_init.receivers)
    plan_for_values()
    assert options["options"] == "-c plan_cache_mode=auto"


def test_the_clock_follows_the_list() -> None:
    assert app.conf.beat_schedule == beat_schedule.SCHEDULE
