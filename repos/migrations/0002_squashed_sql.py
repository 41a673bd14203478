"""The functions and triggers of version 0.1: each stands, as it is today, in `repos/sql/`."""

from django.db import migrations

from server.database.sql_files import run_sql_file

FILES = [
    "apply_commits",
    "append_event",
    "number_pending_events",
    "ensure_event_partitions",
    "cid_order",
    "blob_states",
    "blob_usage",
    "stage_blob",
    "record_takedowns",
]


class Migration(migrations.Migration):
    replaces = [
        ("repos", "0002_functions"),
        ("repos", "0009_blobs_in_order"),
        ("repos", "0012_group_commit"),
    ]
    dependencies = [("repos", "0001_squashed_tables")]
    operations = [
        *(run_sql_file("repos", name) for name in FILES),
        migrations.RunSQL("CREATE INDEX blob_use_in_order ON blob_use (repo_id, cid_order(cid))"),
        migrations.RunSQL("SELECT ensure_event_partitions(3)"),
    ]
