"""Repos, their records and the nodes of their trees."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from hosting.plans import quotas


class Repo(models.Model):
    """One account's repository: where its head stands, and whether it may be written to."""

    class Status(models.TextChoices):
        """The statuses of com.atproto.sync.getRepoStatus; only `active` repos take commits."""

        ACTIVE = "active", _("Active")
        DEACTIVATED = "deactivated", _("Deactivated")
        SUSPENDED = "suspended", _("Suspended")
        TAKENDOWN = "takendown", _("Taken down")

    id = models.BigIntegerField(primary_key=True)  # the account's
    did = models.TextField()  # once a host: two have it while an account moves between them
    host_id = models.BigIntegerField()
    status = models.TextField(choices=Status.choices, default=Status.ACTIVE)
    head = models.BinaryField()  # CID of the signed commit
    rev = models.TextField(db_collation="C")
    # Of its first commit here, or of the last import or move in: what is older was said elsewhere.
    first_rev = models.TextField(db_collation="C", default="", db_default="")
    data = models.BinaryField()  # CID of the MST root
    commit = models.BinaryField()  # the signed commit block
    signing_did_key = models.TextField()
    last_event_id = models.BigIntegerField(null=True)  # the #commit that holds the newest tree path
    last_event_at = models.DateTimeField(null=True)  # ... and the day's partition it lies in
    record_count = models.BigIntegerField(default=0)
    record_bytes = models.BigIntegerField(default=0, db_default=0)  # of their values
    # Of the day it counts; put down in account_day when that is over (repos/sql/account_days.sql)
    writes_today = models.IntegerField(default=0, db_default=0)
    uploads_today = models.IntegerField(default=0, db_default=0)
    counted_on = models.DateField(default=quotas.today)
    has_takedowns = models.BooleanField(default=False, db_default=False)  # RecordTakedown rows
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "repo"
        constraints = [
            models.UniqueConstraint(fields=["did", "host_id"], name="repo_did_is_unique_a_host"),
            models.CheckConstraint(
                name="repo_status_is_known",
                condition=models.Q(status__in=["active", "deactivated", "suspended", "takendown"]),
            ),
            models.CheckConstraint(
                name="repo_has_no_negative_records", condition=models.Q(record_count__gte=0)
            ),
        ]
        indexes = [models.Index(fields=["host_id", "id"], name="repo_by_host")]

    def __str__(self) -> str:
        return self.did


class Record(models.Model):
    """One record, its DAG-CBOR inline. `subject` is set for likes, reposts, follows and blocks.

    The constraint `record_path` (migration 0016) keeps out what is no `collection/rkey`.
    """

    pk = models.CompositePrimaryKey("repo_id", "collection", "rkey")
    repo_id = models.BigIntegerField()
    collection = models.TextField(db_collation="C")
    rkey = models.TextField(db_collation="C")
    cid = models.BinaryField()
    rev = models.TextField(db_collation="C")  # in which this value entered the tree
    subject = models.TextField(db_collation="C", null=True)  # noqa: DJ001 - null: not of that kind
    data = models.BinaryField()

    class Meta:
        db_table = "record"


class Node(models.Model):
    """One node of a repo's current Merkle search tree."""

    pk = models.CompositePrimaryKey("repo_id", "cid")
    repo_id = models.BigIntegerField()
    cid = models.BinaryField()
    rev = models.TextField(db_collation="C")  # in which it entered the tree
    data = models.BinaryField()

    class Meta:
        db_table = "node"
