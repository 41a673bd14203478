"""`manage.py migrate`: Django's, for databases that this version can upgrade."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from server.database import squashed_migrations


class Command(migrate.Command):
    """Refuse a database with only some of the migrations that were squashed, then migrate."""

    def handle(self, *args: Any, **options: Any) -> None:
        squashed_migrations.refuse_partial(MigrationLoader(connections[options["database"]]))
        super().handle(*args, **options)
