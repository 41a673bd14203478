"""A process that sends mail that is due and clears repos that were deleted, until it is killed.

`python -m tests.concurrency.mail_worker`: prints a line once it begins. Leases are half a second
long, so that what a killed one left behind is soon taken up.
"""

import os
import sys
import time
from datetime import timedelta

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "hosting.settings"
django.setup()

from django.conf import settings  # noqa: E402 - needs django.setup()
from django.db import connection  # noqa: E402

from hosting.mail import delivery  # noqa: E402
from repos.lifecycle import deletion  # noqa: E402


def main() -> None:
    """Never ends by itself."""
    settings.VALKEY_URL = ""  # every wake-up is done here
    delivery.LEASE = deletion.LEASE = timedelta(seconds=0.5)
    deletion.BATCH = 20
    connection.ensure_connection()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        delivery.wake_due()
        deletion.queue.sweep()
        time.sleep(0.05)


if __name__ == "__main__":
    main()
