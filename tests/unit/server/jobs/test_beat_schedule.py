"""What the clock sends out must be something a worker knows."""

import pytest

from hosting.celery import app
from server.jobs import beat_schedule


@pytest.mark.parametrize("name", sorted(beat_schedule.SCHEDULE))
def test_every_periodic_task_is_one_that_workers_know(name: str) -> None:
    app.loader.import_default_modules()
    assert name in app.tasks


def test_a_task_that_waited_longer_than_its_period_is_dropped() -> None:
    for entry in beat_schedule.SCHEDULE.values():
        assert entry["options"]["expires"] == entry["schedule"]


def test_the_clock_follows_the_list() -> None:
    assert app.conf.beat_schedule == beat_schedule.SCHEDULE
