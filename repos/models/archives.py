"""Archives of accounts: what a worker makes for an owner who wants everything."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from server.jobs import life_cycle
from server.jobs.leased_job import LeasedJob, due_index, open_or_decided


class AccountArchive(LeasedJob):
    """The archive of one account (repos.account_transfer.archives); made anew, it is the same row.

    Its file's deletion is scheduled from the beginning (models.FileDeletion), in the end for
    `expires_at`.
    """

    MOVES = life_cycle.MOVES_ANEW

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Under way")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    repo_id = models.BigIntegerField(primary_key=True)  # the account's
    host_id = models.BigIntegerField()
    state = models.TextField(choices=State.choices, default=State.WAITING)
    language = models.TextField(default="en")  # in which its owner is told
    key = models.TextField(blank=True, default="")  # of its file in the storage
    size_bytes = models.BigIntegerField(default=0)  # written so far
    expected_bytes = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField(null=True)  # of the file; null until it is ready

    class Meta:
        db_table = "account_archive"
        constraints = [open_or_decided("account_archive")]
        indexes = [
            due_index("account_archive"),
            models.Index(fields=["host_id"], name="account_archive_by_host"),
        ]

    def __str__(self) -> str:
        return f"archive of repo {self.repo_id}, {self.state}"
