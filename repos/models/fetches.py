"""Blob fetches: what is to be brought from an account's old host."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class BlobFetch(models.Model):
    """One repo's blobs that are to come from elsewhere (repos.blobs.fetching).

    due -> done, when none is missing; -> stopped, when the old host gives no more.
    """

    class State(models.TextChoices):
        DUE = "due", _("Under way")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")

    repo_id = models.BigIntegerField(primary_key=True)
    origin = models.TextField()  # of the old host
    state = models.TextField(choices=State.choices, default=State.DUE)
    next_attempt_at = models.DateTimeField()  # also the lease of the run under way
    is_running = models.BooleanField(default=False)  # true with a lease that ran out: it died
    attempts = models.PositiveIntegerField(default=0)  # in a row that brought nothing
    fetched_count = models.BigIntegerField(default=0)
    last_error = models.TextField(blank=True)

    class Meta:
        db_table = "blob_fetch"
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="blob_fetch_due",
                condition=models.Q(state="due"),
            )
        ]

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
