"""How far retention has come in each host's events.

A cursor is outdated when retention took something after it. The oldest event that is kept does not
tell: deleted accounts take theirs along, and a reader misses nothing by that.
"""

from django.db import migrations, models

# What was dropped so far is not on record, so whatever is missing counts as dropped.
_SO_FAR = """
UPDATE event_counter c SET dropped_seq = coalesce(
    (SELECT min(e.seq) - 1 FROM event e WHERE e.host_id = c.host_id AND e.seq IS NOT NULL),
    c.last_seq
) WHERE c.host_id <> 0
"""


class Migration(migrations.Migration):
    dependencies = [("repos", "0012_group_commit")]

    operations = [
        migrations.AddField(
            "EventCounter", "dropped_seq", models.BigIntegerField(db_default=0, default=0)
        ),
        migrations.RunSQL(_SO_FAR, migrations.RunSQL.noop),
    ]
