"""Takedowns of records: hidden from readers, still in the repo."""

from django.db import models


class RecordTakedown(models.Model):
    """A record that getRecord and listRecords do not show (repos.lifecycle.record_takedowns)."""

    pk = models.CompositePrimaryKey("repo_id", "collection", "rkey")
    repo_id = models.BigIntegerField()
    collection = models.TextField(db_collation="C")
    rkey = models.TextField(db_collation="C")
    ref = models.TextField(default="")  # the moderator's own mark
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "record_takedown"
