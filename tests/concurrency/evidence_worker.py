"""A process that exports whatever evidence is due and lifts suspensions, until it is killed.

`python -m tests.concurrency.evidence_worker`: prints a line once it begins. Leases are a second
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

from moderation.enforcement import suspensions  # noqa: E402
from moderation.enforcement.legal import evidence_exports  # noqa: E402


def main() -> None:
    """Never ends by itself."""
    settings.VALKEY_URL = ""  # every wake-up is done here
    evidence_exports.LEASE, evidence_exports.MAX_ATTEMPTS = timedelta(seconds=1), 100
    evidence_exports.RENEWED_EVERY_S = 0.3
    connection.ensure_connection()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        suspensions.lift_due()
        evidence_exports.sweep()
        time.sleep(0.05)


if __name__ == "__main__":
    main()
