"""A process that goes on with whatever bulk action is due, until it is killed.

`python -m tests.concurrency.bulk_worker`: prints a line once it begins. Leases are a second long.
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

from moderation.desk.actions import bulk  # noqa: E402


def main() -> None:
    """Never ends by itself."""
    settings.VALKEY_URL = ""  # every wake-up is done here
    bulk.LEASE, bulk.MAX_ATTEMPTS = timedelta(seconds=1), 1_000
    bulk.RENEWED_EVERY_S = 0.3
    connection.ensure_connection()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        bulk.sweep()
        time.sleep(0.02)


if __name__ == "__main__":
    main()
