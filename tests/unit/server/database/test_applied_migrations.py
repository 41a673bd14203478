"""A start that has nothing to migrate finds out without loading the migrations."""

import pytest
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from server.database import applied_migrations

pytestmark = pytest.mark.django_db


def test_a_migrated_database_has_all_that_there_are_files_of() -> None:
    assert applied_migrations.are_all()


@pytest.mark.parametrize("app", ["repos", "relay", "sessions"])
def test_one_that_is_missing_is_noticed(app: str) -> None:
    newest = MigrationLoader(None).graph.leaf_nodes(app)[0]
    MigrationRecorder.Migration.objects.filter(app=app, name=newest[1]).delete()
    assert not applied_migrations.are_all()
