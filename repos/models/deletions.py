"""Pending deletions of repos, whose rest has still to be removed, and holds that stop them."""

from django.db import models

from server.jobs.leased_job import LeasedJob, due_index, open_or_decided


class RepoDeletion(LeasedJob):
    """A deleted account's repo. Its row went with the account's; the rest goes after it.

    Written in the transaction of the deletion, removed when nothing is left
    (repos.lifecycle.deletion): no deletion is ever decided.
    """

    repo_id = models.BigIntegerField(primary_key=True)
    host_id = models.BigIntegerField()
    did = models.TextField()
    last_event_id = models.BigIntegerField()  # says that it is deleted, and stays

    class Meta:
        db_table = "repo_deletion"
        constraints = [open_or_decided("repo_deletion")]
        indexes = [due_index("repo_deletion")]

    def __str__(self) -> str:
        return f"what is left of {self.did}"


class RepoHold(models.Model):
    """A repo of which nothing is removed (repos.lifecycle.repo_holds). When its account is deleted,
    its head is kept here, and with it what an export needs."""

    repo_id = models.BigIntegerField(primary_key=True)
    host_id = models.BigIntegerField()
    did = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    head = models.BinaryField(null=True)  # a CID; null: the repo has its row
    commit = models.BinaryField(null=True)
    rev = models.TextField(blank=True, default="")
    record_count = models.BigIntegerField(default=0)

    class Meta:
        db_table = "repo_hold"

    def __str__(self) -> str:
        return f"hold on {self.did}"
