"""The relay's events, and where it stands."""

from django.db import models


class RelayEvent(models.Model):
    """One message of the relay's firehose, numbered as it is written; one partition a day.

    `body` and `seq_at` are as in repos.models.events.Event.
    """

    pk = models.CompositePrimaryKey("seq", "created_at")
    seq = models.BigIntegerField()
    created_at = models.DateTimeField()
    relay_id = models.SmallIntegerField(default=1)  # there is one
    host_id = models.BigIntegerField()  # of RelayHost
    did = models.TextField()
    kind = models.SmallIntegerField()  # protocol.event_stream.frames.EventKind
    seq_at = models.IntegerField()
    body = models.BinaryField()

    class Meta:
        db_table = "relay_event"


class RelayCounter(models.Model):
    """How far the relay is: row 1 for its stream, row 0 with the same `last_seq` for the tailer
    (repos.events.streams.table).

    `inside_position` is the platform's position up to which our own hosts' events are in it.
    """

    relay_id = models.SmallIntegerField(primary_key=True)
    last_seq = models.BigIntegerField(default=0, db_default=0)
    dropped_seq = models.BigIntegerField(default=0, db_default=0)
    inside_position = models.BigIntegerField(null=True)  # null: nothing is yet

    class Meta:
        db_table = "relay_counter"
