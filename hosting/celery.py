"""The Celery application: `celery -A hosting.celery worker`, or server.jobs.worker in `make run`.

Every task can run twice (late acknowledgement, redelivery after a lost worker), and every task is
one call of a verb that is safe to repeat. Periodic work is listed in server/jobs/beat_schedule.py.
"""

import os

from celery import Celery
from celery.signals import setup_logging, worker_init
from django.db import connections

from server.jobs import beat_schedule

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hosting.settings")


def _keep_logging(**_: object) -> None:
    """Celery would take over all logging, which the settings have set up (server.logs)."""


def plan_for_values(**_: object) -> None:
    """Have this process' statements planned for their values where that is cheaper.

    Sweeps look for the few rows that are due by partial indexes. A generic plan, as the hot paths
    of web processes have it (server.environment.POSTGRES_OPTIONS), cannot use those and reads all.
    """
    connections.settings["default"]["OPTIONS"]["options"] = "-c plan_cache_mode=auto"


setup_logging.connect(_keep_logging)
worker_init.connect(plan_for_values)
app = Celery("grove")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = beat_schedule.SCHEDULE
app.autodiscover_tasks()
