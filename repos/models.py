"""Repos, records, MST nodes, blobs and events as Django sees them.

The hot path (repos.commits, repos.reads) speaks SQL to the same tables; what Django cannot say
(partitions, functions, partial indexes of partitioned tables) is SQL in the migrations. Keys of all
repo tables begin with `repo_id`, so that they spread over several Postgres by that column; for the
same reason nothing here is a foreign key. CIDs are 36 raw bytes. `repo.id` is the account's id.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Repo(models.Model):
    """One account's repository: where its head stands, and whether it may be written to."""

    class Status(models.TextChoices):
        """The statuses of com.atproto.sync.getRepoStatus; only `active` repos take commits."""

        ACTIVE = "active", _("Active")
        DEACTIVATED = "deactivated", _("Deactivated")
        SUSPENDED = "suspended", _("Suspended")
        TAKENDOWN = "takendown", _("Taken down")

    id = models.BigIntegerField(primary_key=True)  # the account's
    did = models.TextField(unique=True)
    host_id = models.BigIntegerField()
    status = models.TextField(choices=Status.choices, default=Status.ACTIVE)
    head = models.BinaryField()  # CID of the signed commit
    rev = models.TextField(db_collation="C")
    data = models.BinaryField()  # CID of the MST root
    commit = models.BinaryField()  # the signed commit block
    signing_did_key = models.TextField()
    last_event_id = models.BigIntegerField(null=True)  # the #commit that holds the newest tree path
    last_event_at = models.DateTimeField(null=True)  # ... and the day's partition it lies in
    record_count = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "repo"
        constraints = [
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
    """One record, its DAG-CBOR inline. `subject` is set for likes, reposts, follows and blocks."""

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


class Blob(models.Model):
    """Uploaded bytes, kept in `storages["blobs"]` under `key`. Only `live` ones are public.

    Which state may follow which: repos.blob_states. Rows that go (`purged`) leave their key behind
    in `DoomedFile`.
    """

    class State(models.TextChoices):
        STAGED = "staged", _("Staged")  # uploaded; no record has referred to it yet
        LIVE = "live", _("Live")
        IDLE = "idle", _("Idle")  # no record refers to it any more
        QUARANTINED = "quarantined", _("Quarantined")  # taken down
        PURGED = "purged", _("Purged")  # no row: the file is doomed

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

    class Meta:
        db_table = "blob_usage"
        constraints = [
            models.CheckConstraint(
                name="blob_usage_is_not_negative",
                condition=models.Q(used_bytes__gte=0, blob_count__gte=0),
            )
        ]


class DoomedFile(models.Model):
    """A file in the storage that is to go after `due_at`, unless a blob's row takes it over.

    Written before the file itself, and when a row lets go of one: so a crash at any moment leaves
    either a row that has its file, or a doomed file.
    """

    key = models.TextField(primary_key=True)
    due_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "doomed_file"


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


class Event(models.Model):
    """One firehose message, without `seq` until the sequencer gives it one.

    `body` is the DAG-CBOR body with a hole at `seq_at` (protocol.frames.Body); one partition a day.
    """

    pk = models.CompositePrimaryKey("id", "created_at")
    id = models.BigIntegerField()  # from a sequence, drawn while the repo's row is locked
    created_at = models.DateTimeField()
    host_id = models.BigIntegerField()
    repo_id = models.BigIntegerField()
    did = models.TextField()
    kind = models.SmallIntegerField()  # repos.events.KINDS
    seq_at = models.IntegerField()
    seq = models.BigIntegerField(null=True)  # the host's, gap-free
    position = models.BigIntegerField(null=True)  # the platform's, gap-free
    body = models.BinaryField()

    class Meta:
        db_table = "event"


class EventCounter(models.Model):
    """The newest `seq` of a host; the row of host 0 counts the platform's `position`."""

    host_id = models.BigIntegerField(primary_key=True)
    last_seq = models.BigIntegerField(default=0)

    class Meta:
        db_table = "event_counter"


class ImportJobQuerySet(models.QuerySet["ImportJob"]):
    """Imports, in the words that callers use."""

    def open(self) -> "ImportJobQuerySet":
        """Not decided yet, whether a worker is at it or not."""
        return self.filter(state__in=[ImportJob.State.WAITING, ImportJob.State.RUNNING])


class ImportJob(models.Model):
    """A large import: its CAR lies in the shared folder, a worker makes it the repo.

    waiting -> running -> done or refused; running again when the lease of a dead worker is over.
    """

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
    attempts = models.PositiveIntegerField(default=0)
    lease_ends_at = models.DateTimeField()
    refusal_name = models.TextField(blank=True)
    refusal = models.TextField(blank=True)
    refusal_status = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)

    objects = ImportJobQuerySet.as_manager()

    class Meta:
        db_table = "import_job"
        constraints = [
            models.UniqueConstraint(
                fields=["repo_id"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="import_job_is_one_at_a_time",
            )
        ]
        indexes = [
            models.Index(
                fields=["lease_ends_at"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="import_job_to_take_up",
            )
        ]

    def __str__(self) -> str:
        return f"import into repo {self.repo_id}, {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)


class CrawlPing(models.Model):
    """When a relay was last asked to read a host's firehose, and what came of it."""

    class State(models.TextChoices):
        ASKING = "asking"
        ASKED = "asked"
        FAILED = "failed"

    host_id = models.BigIntegerField()
    relay = models.TextField()  # its origin
    state = models.TextField(choices=State.choices)
    seq = models.BigIntegerField()  # the host's newest when it was asked
    last_asked_at = models.DateTimeField()
    last_error = models.TextField(blank=True)

    class Meta:
        db_table = "crawl_ping"
        constraints = [
            models.UniqueConstraint(
                fields=["host_id", "relay"], name="crawl_ping_is_one_a_host_and_relay"
            )
        ]

    def __str__(self) -> str:
        return f"host {self.host_id} at {self.relay}, {self.state}"


class FirehoseRestore(models.Model):
    """A host's firehose after its database came back from a backup: how far it was announced."""

    host_id = models.BigIntegerField()
    step = models.BigIntegerField()  # how far its `seq` jumped
    last_repo_id = models.BigIntegerField(default=0)  # announced up to here
    begun_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "firehose_restore"
        constraints = [
            models.UniqueConstraint(
                fields=["host_id"],
                condition=models.Q(ended_at__isnull=True),
                name="firehose_restore_is_one_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"restore of host {self.host_id}"
