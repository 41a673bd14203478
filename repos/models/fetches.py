"""Blob fetches: what is to be brought from an account's old host."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from server.jobs import life_cycle
from server.jobs.leased_job import LeasedJob, due_index, open_or_decided


class BlobFetch(LeasedJob):
    """One repo's blobs that are to come from elsewhere (repos.blobs.fetching).

    Done when none is missing, stopped when the old host gives no more, or none is known (`origin`
    is empty); it may begin anew. Only after an import can any be missing, so a repo without a row
    misses none. A turn that brought something is no attempt: `attempts` counts those in a row that
    brought nothing.
    """

    MOVES = life_cycle.MOVES_ANEW

    class State(models.TextChoices):
        WAITING = "waiting", _("Under way")
        RUNNING = "running", _("Under way")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")

    repo_id = models.BigIntegerField(primary_key=True)
    origin = models.TextField()  # of the old host
    state = models.TextField(choices=State.choices, default=State.WAITING)
    fetched_count = models.BigIntegerField(default=0)

    class Meta:
        db_table = "blob_fetch"
        constraints = [open_or_decided("blob_fetch")]
        indexes = [due_index("blob_fetch")]

    def __str__(self) -> str:
        return f"blobs of repo {self.repo_id} from {self.origin}, {self.state}"


class UnfetchedBlob(models.Model):
    """One blob that the old host did not give, and when to ask again; never, with null."""

    pk = models.CompositePrimaryKey("repo_id", "cid")
    repo_id = models.BigIntegerField()
    cid = models.BinaryField()
    attempts = models.PositiveIntegerField(default=1)
    next_attempt_at = models.DateTimeField(null=True)
    last_error = models.TextField()

    class Meta:
        db_table = "unfetched_blob"
