"""Day partitions of any table, not of the event table alone."""

from django.db import migrations

from server.database.sql_files import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("repos", "0012_delegated_commits")]

    operations = [run_sql_file("repos", "ensure_event_partitions")]
