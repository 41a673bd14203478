import asyncio
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from hosting.models import Host
from repos.commits import group_commit, writes
from repos.events import partitions
from repos.events.streams.feed import Feed
from repos.events.streams.following import follow
from repos.reads.repos import RepoRow
from repos.state import heads, nodes
from server.database import connection
from server.database.connection import conninfo
from tests.unit.repos.events import numbering
from tests.unit.repos.events.firehose import stream
from tests.unit.repos.events.streams import test_following as following


def test_partitions_are_made_ahead_and_late_events_are_moved(repo: RepoRow) -> None:
    day = datetime.now(UTC).date() + timedelta(days=5)
    connection.rows(
        "INSERT INTO event (created_at, host_id, repo_id, did, kind, seq_at, body) "
        "VALUES (%s, 1, 1, 'did:plc:x', 1, 0, '') RETURNING id",
        (day,),
    )
    connection.row("SELECT ensure_event_partitions(6)")
    found = connection.row("SELECT tableoid::regclass::text FROM event WHERE did = 'did:plc:x'")
    assert found == (f"event_{day:%Y%m%d}",)


def old_partition(day: str = "2020-01-01") -> str:
    """A partition of long ago."""
    first = datetime.fromisoformat(day).date()
    name = f"event_{first:%Y%m%d}"
    connection.hot().execute(
        f"CREATE TABLE {name} PARTITION OF event "
        f"FOR VALUES FROM ('{first}') TO ('{first + timedelta(days=1)}')"
    )
    return name


def age(repo: RepoRow, day: str = "2020-01-01") -> None:
    """Everything the repo has said was said long ago."""
    connection.hot().execute(
        "UPDATE event SET created_at = %s WHERE repo_id = %s", (f"{day} 12:00Z", repo.id)
    )
    connection.hot().execute(
        "UPDATE repo SET last_event_at = %s WHERE id = %s", (f"{day} 12:00Z", repo.id)
    )


def event_count() -> int:
    found = connection.row("SELECT count(*) FROM event")
    assert found is not None
    return int(found[0])


def test_partitions_past_retention_are_dropped(repo: RepoRow) -> None:
    names = [old_partition("2020-01-01"), old_partition("2020-01-03")]
    assert partitions.drop_past(3) == names
    assert connection.row("SELECT to_regclass('event_20200101')") == (None,)
    assert event_count() == 4


def test_the_days_that_are_kept_stay(repo: RepoRow) -> None:
    first = datetime.now(UTC).date() - timedelta(days=3)
    name = old_partition(first.isoformat())
    assert partitions.drop_past(3) == []
    assert partitions.drop_past(2) == [name]


def test_events_without_a_number_keep_their_partition(repo: RepoRow) -> None:
    name = old_partition()
    age(repo)
    assert partitions.drop_past(3) == []
    numbering.number()
    assert partitions.drop_past(3) == [name]
    assert event_count() == 0


def test_old_events_that_had_no_partition_go_too(repo: RepoRow, monkeypatch) -> None:
    monkeypatch.setattr(partitions, "ROWS_A_DELETE", 2)
    age(repo)
    partitions.drop_past(3)
    assert event_count() == 4, "they have no number yet"
    numbering.number()
    partitions.drop_past(3)
    assert event_count() == 0


def test_a_repo_writes_on_after_its_last_event_was_dropped(repo: RepoRow) -> None:
    group_commit.apply_writes(repo, [writes.create("com.example.thing", "a", {})])
    numbering.number()
    old_partition()
    age(repo)
    heads.REMEMBERED.clear()
    nodes.CACHE.clear()
    assert partitions.drop_past(3)
    head = heads.read(repo.id)
    assert head is not None
    assert head.last_commit is None
    group_commit.apply_writes(repo, [writes.create("com.example.thing", "b", {})])
    assert stream.commits(repo.id)[0]["since"] == head.rev


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_a_partition_in_use_is_let_be_and_writers_wait_no_longer_than_a_moment(
    repo: RepoRow, monkeypatch
) -> None:
    monkeypatch.setattr(partitions, "TRIES", 2)
    name = old_partition()
    with psycopg.connect(conninfo()) as reader:
        reader.execute("SELECT count(*) FROM event")  # holds its lock until the end
        began = time.monotonic()
        assert partitions.drop_past(3) == []
        assert time.monotonic() - began < 60
    assert partitions.drop_past(3) == [name]


@pytest.mark.django_db(transaction=True)
def test_a_cursor_in_a_dropped_partition_is_outdated(ash: Host, repo: RepoRow) -> None:
    numbering.number()
    old_partition()
    age(repo)
    following.say(repo, 2)
    partitions.drop_past(3)

    async def scene(feed: Feed) -> list[int]:
        return await following.take(await follow(feed, ash.pk, 1), 3)

    assert following.play(scene) == [0, 5, 6]


def dropped_seq(host_id: int) -> int:
    """How far retention has come in the host's events."""
    found = connection.row("SELECT dropped_seq FROM event_counter WHERE host_id = %s", (host_id,))
    assert found is not None
    return int(found[0])


def test_how_far_a_dropped_partition_went_is_on_record(ash: Host, repo: RepoRow) -> None:
    numbering.number()
    old_partition()
    age(repo)
    following.say(repo, 2)
    assert dropped_seq(ash.pk) == 0
    partitions.drop_past(3)
    assert dropped_seq(ash.pk) == 4


def test_how_far_old_events_without_a_partition_went_is_on_record(ash: Host, repo: RepoRow) -> None:
    numbering.number()
    age(repo)
    following.say(repo, 2)
    partitions.drop_past(3)
    assert dropped_seq(ash.pk) == 4


def test_a_partition_without_events_changes_nothing_on_record(ash: Host, repo: RepoRow) -> None:
    numbering.number()
    old_partition()
    partitions.drop_past(3)
    assert dropped_seq(ash.pk) == 0


@pytest.mark.django_db(transaction=True)
def test_a_cursor_is_outdated_where_nothing_at_all_is_kept(ash: Host, repo: RepoRow) -> None:
    numbering.number()
    old_partition()
    age(repo)
    partitions.drop_past(3)

    async def scene(feed: Feed) -> list[int]:
        stream = await follow(feed, ash.pk, 1)
        said = asyncio.create_task(asyncio.to_thread(following.say_in_thread, repo, 1))
        seqs = await following.take(stream, 2)
        await said
        return seqs

    assert following.play(scene) == [0, 5]


def test_keeping_partitions_may_be_done_twice(repo: RepoRow) -> None:
    partitions.keep_event_partitions()
    partitions.keep_event_partitions()
    day = datetime.now(UTC).date() + timedelta(days=3)
    assert connection.row("SELECT to_regclass(%s) IS NOT NULL", (f"event_{day:%Y%m%d}",)) == (True,)


def test_bodies_are_stored_uncompressed_in_new_partitions_too(repo: RepoRow) -> None:
    found = connection.row(
        "SELECT count(*) FROM pg_attribute a JOIN pg_inherits i ON i.inhrelid = a.attrelid "
        "WHERE i.inhparent = 'event'::regclass AND a.attname = 'body' AND a.attstorage <> 'e'"
    )
    assert found == (0,)
