"""Blobs, their uses, usage, holds, files to delete, and the deny list."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Blob(models.Model):
    """Uploaded bytes, kept in `storages["blobs"]` under `key`. Only `live` ones are public.

    Which state may follow which: repos.blobs.states. Rows that go (`purged`) leave their key behind
    in `FileDeletion`.
    """

    class State(models.TextChoices):
        STAGED = "staged", _("Staged")  # uploaded; no record has referred to it yet
        LIVE = "live", _("Live")
        IDLE = "idle", _("Idle")  # no record refers to it any more
        QUARANTINED = "quarantined", _("Quarantined")  # taken down
        PURGED = "purged", _("Purged")  # no row: its file is to be deleted

    pk = models.CompositePrimaryKey("repo_id", "cid")
    repo_id = models.BigIntegerField()
    cid = models.BinaryField()
    mime_type = models.TextField()
    size = models.BigIntegerField()
    state = models.TextField(choices=State.choices, default=State.STAGED)
    key = models.TextField(unique=True)  # where the bytes are in the storage
    changed_at = models.DateTimeField()  # of the state; the sweep counts from here
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "blob"
        constraints = [
            models.CheckConstraint(
                name="blob_state_is_known",
                condition=models.Q(state__in=["staged", "live", "idle", "quarantined"]),
            )
        ]
        indexes = [
            models.Index(
                fields=["changed_at"],
                name="blob_to_sweep",
                condition=models.Q(state__in=["staged", "idle"]),
            ),
            models.Index(
                fields=["changed_at"],
                name="blob_to_move",
                condition=models.Q(state="quarantined", key__startswith="public/")
                | ~models.Q(state="quarantined") & ~models.Q(key__startswith="public/"),
            ),
        ]


class BlobUse(models.Model):
    """A record refers to a blob."""

    pk = models.CompositePrimaryKey("repo_id", "collection", "rkey", "cid")
    repo_id = models.BigIntegerField()
    collection = models.TextField(db_collation="C")
    rkey = models.TextField(db_collation="C")
    cid = models.BinaryField()
    rev = models.TextField(db_collation="C")  # of the record

    class Meta:
        db_table = "blob_use"
        indexes = [models.Index(fields=["repo_id", "cid"], name="blob_use_by_cid")]


class BlobUsage(models.Model):
    """What a repo's blobs come to. Triggers on `blob` keep it, in the transaction of the rows."""

    repo_id = models.BigIntegerField(primary_key=True)
    used_bytes = models.BigIntegerField(default=0)
    blob_count = models.BigIntegerField(default=0)
    tenant_id = models.BigIntegerField(null=True)  # whose TenantStorage counts them, too

    class Meta:
        db_table = "blob_usage"
        constraints = [
            models.CheckConstraint(
                name="blob_usage_is_not_negative",
                condition=models.Q(used_bytes__gte=0, blob_count__gte=0),
            )
        ]


class FileDeletion(models.Model):
    """A file in the storage that is deleted after `due_at`, unless a blob's row takes it over.

    Written before the file itself, and when a row lets go of one: so a crash at any moment leaves
    either a row that has its file, or a file that is going to be deleted.
    """

    key = models.TextField(primary_key=True)
    due_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "file_deletion"


class BlobHold(models.Model):
    """A blob that is kept until a moment, whatever its repo does (repos.blobs.holds)."""

    pk = models.CompositePrimaryKey("repo_id", "cid")
    repo_id = models.BigIntegerField()
    cid = models.BinaryField()
    mime_type = models.TextField()
    size = models.BigIntegerField()
    # Once the blob's row is gone, the file is the hold's.
    key = models.TextField(unique=True, null=True)  # noqa: DJ001 - none twice, but many have none
    held_until = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "blob_hold"


class DeniedBlob(models.Model):
    """Bytes that nobody may upload: at one host, or with `host_id` null at all of them."""

    host_id = models.BigIntegerField(null=True)
    cid = models.BinaryField()
    reason = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "denied_blob"
        constraints = [
            models.UniqueConstraint(
                name="denied_blob_once_a_host", fields=["cid", "host_id"], nulls_distinct=False
            )
        ]
        indexes = [models.Index(fields=["host_id", "id"], name="denied_blob_of_host")]
