"""A process whose children do one step of a bulk action each, and are killed at it.

`python -m tests.concurrency.desk_worker`: see killing.serve, and test_bulk_kill.
"""

import os
from datetime import timedelta

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "hosting.settings"
django.setup()

from django.utils import timezone  # noqa: E402 - needs django.setup()

from hosting.models import StaffUser, Tenant  # noqa: E402 - needs django.setup()
from moderation.desk.actions import bulk  # noqa: E402 - needs django.setup()
from moderation.models import BulkAction, Case  # noqa: E402 - needs django.setup()
from tests.concurrency.killing import serve  # noqa: E402 - needs django.setup()


def start(staff: int, tenant: int) -> None:
    """As a page does it; the wake-up after its commit is lost with it."""
    whose = StaffUser.objects.get(pk=staff), Tenant.objects.get(pk=tenant)
    bulk.start(*whose, Case.objects.all(), "take_down", {"reason": "spam"})


def go_on(number: int) -> None:
    """An attempt of a worker; the lease of whoever was killed is over."""
    bulk.LEASE = timedelta(seconds=60)
    BulkAction.objects.filter(pk=number).open().update(next_attempt_at=timezone.now())
    bulk.run(number)


VERBS = {verb.__name__: verb for verb in (start, go_on)}

if __name__ == "__main__":
    serve(VERBS)
