"""The triggers of version 0.1: they stand, as they are today, in `moderation/sql/`."""

from django.db import migrations

from server.database.sql_files import run_sql_file


class Migration(migrations.Migration):
    replaces = [
        ("moderation", "0008_stages_and_sign_ins"),
    ]
    dependencies = [("moderation", "0001_squashed_tables")]
    operations = [run_sql_file("moderation", "audit_entry_is_append_only")]
