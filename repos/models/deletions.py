"""Pending deletions of repos: what is left of them has still to be removed."""

from django.db import models


class RepoDeletion(models.Model):
    """A deleted account's repo. Its row went with the account's; the rest goes after it.

    Written in the transaction of the deletion, removed when nothing is left
    (repos.lifecycle.deletion).
    """

    repo_id = models.BigIntegerField(primary_key=True)
    host_id = models.BigIntegerField()
    did = models.TextField()
    last_event_id = models.BigIntegerField()  # says that it is deleted, and stays
    lease_ends_at = models.DateTimeField(db_index=True)  # of whoever is at it
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "repo_deletion"

    def __str__(self) -> str:
        return f"what is left of {self.did}"
