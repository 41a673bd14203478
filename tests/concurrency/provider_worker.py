"""A process whose children do one thing of the provider's each, and are killed at it.

`python -m tests.concurrency.provider_worker`: see killing.serve, and test_provider_kills.
"""

import os
from datetime import date, timedelta
from pathlib import Path

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "hosting.settings"
django.setup()

from django.utils import timezone  # noqa: E402 - needs django.setup()

from hosting.models import Host, Tenant  # noqa: E402 - needs django.setup()
from moderation.audit import OPERATOR  # noqa: E402 - needs django.setup()
from protocol.keys import SigningKey  # noqa: E402 - with its users
from provider.adoption import adopting  # noqa: E402 - needs django.setup()
from provider.adoption.adopting import Wanted  # noqa: E402 - needs django.setup()
from provider.adoption.reference_directory import Directory  # noqa: E402 - needs django.setup()
from provider.jobs import running  # noqa: E402 - needs django.setup()
from provider.models import Job  # noqa: E402 - needs django.setup()
from provider.tenancy import suspensions, usage  # noqa: E402 - needs django.setup()
from provider.webhooks import deliveries  # noqa: E402 - needs django.setup()
from repos.maintenance import metering as counting  # noqa: E402 - needs django.setup()
from tests.concurrency.killing import serve  # noqa: E402 - needs django.setup()

NAME = "pds.acme.org"
KEY = SigningKey.generate("k256").secret


def job(number: int) -> None:
    """An attempt; the lease of whoever was killed is over."""
    suspensions.SETTLED_AFTER = timedelta(0)
    Job.objects.filter(pk=number).open().update(next_attempt_at=timezone.now())
    running.run(number)


def adopt(folder: str) -> None:
    """As an operator does it, who looks first whether it was done."""
    if not Host.objects.filter(hostname=NAME).exists():
        path = Path(folder)
        wanted = Wanted(NAME, [".test"], KEY, f"http://{NAME}:2583")
        directory = Directory(path, path / "blocks")
        adopting.adopt(directory, Tenant.objects.get(slug="acme"), wanted, OPERATOR)


def close_month(month: str) -> None:
    """As the hourly task does it: the days first."""
    first = date.fromisoformat(month)
    counting.end_days()
    counting.count_day(first.replace(day=15))
    usage.close(first)


VERBS = {verb.__name__: verb for verb in (job, adopt, close_month)}


if __name__ == "__main__":
    deliveries.queue.wake = lambda _pk: None  # type: ignore[method-assign] # nobody is asked
    serve(VERBS)
