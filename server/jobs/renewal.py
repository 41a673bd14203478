"""Renewal of a lease by a thread of its own, for attempts of unknown length."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import Error, connection

from server.jobs.leased_job import LeasedJob


@contextmanager
def renewed(job: LeasedJob, lease: timedelta, every_s: float) -> Iterator[None]:
    """Keep a claimed job's lease for as long as the block runs; a killed process simply stops."""
    is_over = threading.Event()
    name = f"lease-{job.pk}"
    thread = threading.Thread(target=_renew, args=(job, lease, every_s, is_over), name=name)
    thread.daemon = True
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _renew(job: LeasedJob, lease: timedelta, every_s: float, is_over: threading.Event) -> None:
    try:
        while not is_over.wait(every_s):
            try:
                job.renew(lease)
            except Error:
                connection.close()  # Postgres restarts: the next turn tries a new connection
    finally:
        connection.close()
