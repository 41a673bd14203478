"""Moves in: accounts whose owners come from another host by the pages of this one."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from server.jobs import life_cycle
from server.jobs.leased_job import LeasedJob, due_index, open_or_decided


class MoveIn(LeasedJob):
    """One account on its way here (repos.account_transfer.moves). How far it is, its moments say.

    `session` are tokens of the old host, wrapped, and gone at `session_until` at the latest.
    """

    MOVES = life_cycle.MOVES_ANEW

    class State(models.TextChoices):
        WAITING = "waiting", _("Under way")
        RUNNING = "running", _("Under way")
        COPIED = "copied", _("Copied")
        STOPPED = "stopped", _("Stopped")
        DONE = "done", _("Done")

    repo_id = models.BigIntegerField(primary_key=True)  # the account's
    host_id = models.BigIntegerField()
    state = models.TextField(choices=State.choices, default=State.WAITING)
    origin = models.TextField()  # of the old host
    is_host_gone = models.BooleanField(default=False)  # nobody asks it for anything
    session = models.BinaryField(null=True)
    session_until = models.DateTimeField(null=True)
    language = models.TextField(default="en")  # in which its owner is told
    import_job_id = models.BigIntegerField(null=True)
    records_at = models.DateTimeField(null=True)  # they are here
    preferences_at = models.DateTimeField(null=True)  # the same, or nobody has them
    preferences_error = models.TextField(blank=True, default="", db_default="")  # why they are not
    confirmed_at = models.DateTimeField(null=True)  # by the owner: from now on it is public
    left_at = models.DateTimeField(null=True)  # the account there is deactivated
    left_error = models.TextField(blank=True, default="")  # or why it is not

    class Meta:
        db_table = "move_in"
        constraints = [open_or_decided("move_in")]
        indexes = [
            due_index("move_in"),
            models.Index(
                fields=["session_until"],
                name="move_in_session_until",
                condition=models.Q(session_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"move of repo {self.repo_id} from {self.origin}, {self.state}"
