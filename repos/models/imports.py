"""Import jobs: CAR files that a worker makes a repo of, while the request waits or asks again."""

from django.db import models

from server.jobs.leased_job import LeasedJob, due_index, open_or_decided
from server.jobs.life_cycle import OPEN


class ImportJob(LeasedJob):
    """A large import: its CAR lies in the shared folder, a worker makes it the repo."""

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
    # What it was refused for is `last_error`; these say the rest of the error.
    refusal_name = models.TextField(blank=True)
    refusal_status = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "import_job"
        constraints = [
            models.UniqueConstraint(
                fields=["repo_id"],
                condition=models.Q(state__in=[*OPEN]),
                name="import_job_is_one_at_a_time",
            ),
            open_or_decided("import_job"),
        ]
        indexes = [
            due_index("import_job"),
            models.Index(fields=["repo_id", "id"], name="import_job_of_repo"),
        ]

    def __str__(self) -> str:
        return f"import into repo {self.repo_id}, {self.state}"
