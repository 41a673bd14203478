"""The lease of an import job, renewed for as long as its process lives."""

import threading
from datetime import timedelta
from types import TracebackType

from django.db import Error, connection
from django.utils import timezone

from repos.models import ImportJob

LEASE = timedelta(seconds=20)
_RENEWED_EVERY_S = 5.0


class Lease:
    """Held in a `with` around the work; a killed process simply stops renewing it."""

    def __init__(self, job_id: int) -> None:
        self._job_id = job_id
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"lease-{job_id}", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _renew(self) -> None:
        try:
            while not self._is_over.wait(_RENEWED_EVERY_S):
                self._renew_once()
        finally:
            connection.close()

    def _renew_once(self) -> None:
        try:
            job = ImportJob.objects.open().filter(pk=self._job_id)
            job.update(lease_ends_at=timezone.now() + LEASE)
        except Error:
            connection.close()  # Postgres restarts: the next turn tries a new connection
