"""A host's name is no other host's second name. Rows that are there are left as they are."""

from django.db import migrations

from server.database.sql_files import run_sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("hosting", "0010_host_renames"),
    ]

    operations = [
        run_sql_file("hosting", "host_names_are_one_hosts"),
    ]
