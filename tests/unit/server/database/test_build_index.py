"""An index that is built beside a running server, also after a build that was cut off."""

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, models
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.models import KnownPlace
from server.database.build_index import BuildIndex
from tests.factories import account_row

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "known_place_of_a_test"


@pytest.fixture(autouse=True)
def _no_index_stays() -> Iterator[None]:
    yield
    run(f"DROP INDEX IF EXISTS {NAME}")


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def build() -> None:
    """As a migration does."""
    before = MigrationExecutor(connection).loader.project_state()
    operation = BuildIndex("knownplace", models.Index(fields=["last_seen_at"], name=NAME))
    after = before.clone()
    operation.state_forwards("accounts", after)
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("accounts", editor, before, after)


def is_valid() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = %s::regclass", [NAME])
        return cursor.fetchone()[0]


def test_it_may_run_twice() -> None:
    build()
    build()
    assert is_valid()


def test_what_a_build_that_was_cut_off_left_behind_goes_first(ash) -> None:
    now, alice = timezone.now(), account_row(ash)
    for place in "ab":
        KnownPlace.objects.create(account=alice, place_hash=place, last_seen_at=now)
    with pytest.raises(IntegrityError):
        run(f"CREATE UNIQUE INDEX CONCURRENTLY {NAME} ON known_place (last_seen_at)")
    assert not is_valid()
    build()
    assert is_valid()
