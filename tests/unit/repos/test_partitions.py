from datetime import UTC, datetime, timedelta

from hosting import database
from repos import partitions
from repos.reads import RepoRow


def test_partitions_are_made_ahead_and_late_events_are_moved(repo: RepoRow) -> None:
    day = datetime.now(UTC).date() + timedelta(days=5)
    database.rows(
        "INSERT INTO event (created_at, host_id, repo_id, did, kind, seq_at, body) "
        "VALUES (%s, 1, 1, 'did:plc:x', 1, 0, '') RETURNING id",
        (day,),
    )
    database.row("SELECT ensure_event_partitions(6)")
    found = database.row("SELECT tableoid::regclass::text FROM event WHERE did = 'did:plc:x'")
    assert found == (f"event_{day:%Y%m%d}",)


def test_partitions_past_retention_are_dropped(repo: RepoRow) -> None:
    database.rows("SELECT ensure_event_partitions(5)")
    database.hot().execute(
        "CREATE TABLE event_20200101 PARTITION OF event "
        "FOR VALUES FROM ('2020-01-01') TO ('2020-01-02')"
    )
    assert database.row("SELECT drop_event_partitions(3)") == (1,)
    assert database.row("SELECT to_regclass('event_20200101')") == (None,)
    assert database.row("SELECT count(*) FROM event") == (4,)


def test_keeping_partitions_may_be_done_twice(repo: RepoRow) -> None:
    partitions.keep_event_partitions()
    partitions.keep_event_partitions()
    day = datetime.now(UTC).date() + timedelta(days=3)
    assert database.row("SELECT to_regclass(%s) IS NOT NULL", (f"event_{day:%Y%m%d}",)) == (True,)


def test_bodies_are_stored_uncompressed_in_new_partitions_too(repo: RepoRow) -> None:
    found = database.row(
        "SELECT count(*) FROM pg_attribute a JOIN pg_inherits i ON i.inhrelid = a.attrelid "
        "WHERE i.inhparent = 'event'::regclass AND a.attname = 'body' AND a.attstorage <> 'e'"
    )
    assert found == (0,)
