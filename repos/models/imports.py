"""Import jobs, for large imports."""

from django.db import models


class ImportJobQuerySet(models.QuerySet["ImportJob"]):
    """Imports, in the words that callers use."""

    def open(self) -> "ImportJobQuerySet":
        """Not decided yet, whether a worker is at it or not."""
        return self.filter(state__in=[ImportJob.State.WAITING, ImportJob.State.RUNNING])


class ImportJob(models.Model):
    """A large import: its CAR lies in the shared folder, a worker makes it the repo.

    waiting -> running -> done or refused; running again when the lease of a dead worker is over.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        REFUSED = "refused"

    repo_id = models.BigIntegerField()
    root = models.BinaryField()  # CID of the CAR's commit
    file = models.TextField()  # its name in the folder
    state = models.TextField(choices=State.choices, default=State.WAITING)
    record_count = models.BigIntegerField(default=0)  # read so far
    attempts = models.PositiveIntegerField(default=0)
    lease_ends_at = models.DateTimeField()
    refusal_name = models.TextField(blank=True)
    refusal = models.TextField(blank=True)
    refusal_status = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)

    objects = ImportJobQuerySet.as_manager()

    class Meta:
        db_table = "import_job"
        constraints = [
            models.UniqueConstraint(
                fields=["repo_id"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="import_job_is_one_at_a_time",
            )
        ]
        indexes = [
            models.Index(
                fields=["lease_ends_at"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="import_job_to_take_up",
            )
        ]

    def __str__(self) -> str:
        return f"import into repo {self.repo_id}, {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)
