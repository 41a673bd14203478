"""Celery tasks by name: how a process hands work to a worker without knowing who defines it."""

from functools import cache
from typing import Any

from celery import Celery
from celery.app.utils import find_app
from django.conf import settings
from kombu.exceptions import OperationalError

APPLICATION = "hosting.celery"  # by name, as `celery -A` takes it: nothing here knows tenants


@cache
def application() -> Celery:
    """The project's Celery application."""
    return find_app(APPLICATION)


def send(task: str, *args: Any, in_s: float | None = None) -> bool:
    """Hand a task to a worker, `in_s` seconds from now; false when there is no broker, or it does
    not answer."""
    if not settings.VALKEY_URL:
        return False
    try:
        application().send_task(task, args=args, countdown=in_s, retry=False)
    except OperationalError:
        return False
    return True
