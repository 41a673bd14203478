"""Commits by controllers are written down for the repo's owner (accounts.delegation)."""

from django.db import migrations

from server.database.sql_files import run_sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("repos", "0011_repo_holds"),
        ("accounts", "0018_delegations"),
    ]

    operations = [run_sql_file("repos", "apply_delegated_commits")]
