"""SQL files of the apps, `<app>/sql/*.sql`: the one place where functions and triggers stand.

A file holds a function with its triggers, as CREATE OR REPLACE, so that it can run again. Whoever
changes a file adds a migration that runs it (docs/decisions/0030-migrations.md); tests/upgrade
notices when it is forgotten.
"""

from django.db.migrations import RunSQL

from server.environment import ROOT


def run_sql_file(app: str, name: str) -> RunSQL:
    """The operation of a migration that runs `<app>/sql/<name>.sql` as it is today."""
    return RunSQL((ROOT / app / "sql" / f"{name}.sql").read_text())
