"""Events, their numbers, and what relays are told about them."""

from django.db import models


class Event(models.Model):
    """One firehose message, without `seq` until the sequencer gives it one.

    `body` is the DAG-CBOR body with a hole at `seq_at` (protocol.event_stream.frames.Body); one
    partition a day.
    """

    pk = models.CompositePrimaryKey("id", "created_at")
    id = models.BigIntegerField()  # from a sequence, drawn while the repo's row is locked
    created_at = models.DateTimeField()
    host_id = models.BigIntegerField()
    repo_id = models.BigIntegerField()
    did = models.TextField()
    kind = models.SmallIntegerField()  # repos.events.append.KINDS
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
    # The newest that retention took (repos.events.partitions); what deleted accounts take does not
    # count.
    dropped_seq = models.BigIntegerField(db_default=0, default=0)

    class Meta:
        db_table = "event_counter"


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
    failures = models.SmallIntegerField(default=0, db_default=0)  # since the last success
    is_wanted = models.BooleanField(default=False, db_default=False)  # without a new event, too

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
