"""A deleted account's repo goes: the word first, the row with it, the rest in steps."""

import io

import pytest
from django.utils import timezone

from accounts.lifecycle import deletion
from accounts.models import Account, AccountMigration, SigningKey
from protocol.event_stream import frames
from protocol.event_stream.frames import EventKind
from repos.blobs import blobs, files, garbage_collection, uploads
from repos.commits import group_commit, writes
from repos.lifecycle import deletion as repo_deletion
from repos.models import (
    Blob,
    BlobFetch,
    BlobUsage,
    BlobUse,
    Event,
    FileDeletion,
    ImportJob,
    Node,
    Record,
    Repo,
    RepoDeletion,
    UnfetchedBlob,
)
from repos.reads import repos
from repos.reads.refusals import RepoNotFound
from repos.reads.repos import RepoRow
from server.database import connection
from tests.unit.repos.blobs.uploads import THING, using
from tests.unit.repos.events import numbering

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = (Record, Node, Blob, BlobUse, BlobUsage, ImportJob, BlobFetch, UnfetchedBlob)


@pytest.fixture(autouse=True)
def _no_worker(settings):
    settings.VALKEY_URL = ""


@pytest.fixture
def full(repo: RepoRow, folder) -> RepoRow:
    """A repo with records, one of them with a picture, and an upload that nobody used."""
    ref = uploads.stage(repo, io.BytesIO(b"a picture"), "text/plain", 9, 1000)
    group_commit.apply_writes(repo, [writes.put(THING, "k", using(ref))])
    group_commit.apply_writes(repo, [writes.put(THING, f"k{n}", {"n": n}) for n in range(30)])
    uploads.stage(repo, io.BytesIO(b"a draft"), "text/plain", 7, 1000)
    due = {"repo_id": repo.id, "next_attempt_at": timezone.now()}
    BlobFetch.objects.create(**due, origin="https://old.example")
    UnfetchedBlob.objects.create(**due, cid=b"x")
    return repo


def delete(repo: RepoRow) -> None:
    deletion.delete(Account.objects.get(pk=repo.id))


def rows_of(repo: RepoRow) -> int:
    return sum(table.objects.filter(repo_id=repo.id).count() for table in TABLES)


def events_of(repo: RepoRow) -> list[Event]:
    return list(Event.objects.filter(repo_id=repo.id).order_by("id"))


def assert_nothing_is_left(repo: RepoRow, folder) -> None:
    assert rows_of(repo) == 0
    assert not Repo.objects.filter(pk=repo.id).exists()
    assert not RepoDeletion.objects.exists()
    assert not FileDeletion.objects.exists()
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    (last,) = events_of(repo)
    assert last.kind == EventKind.ACCOUNT


def test_nothing_of_a_deleted_account_is_left_but_the_word_of_it(full, folder):
    delete(full)
    assert_nothing_is_left(full, folder)
    assert not Account.objects.exists()
    assert not SigningKey.objects.exists()


def test_the_last_word_is_that_it_is_deleted(full):
    delete(full)
    (last,) = events_of(full)
    frame = frames.frame(EventKind.ACCOUNT, bytes(last.body), last.seq_at, 7)
    body = frames.parse(frame)[1]
    assert (body["did"], body["active"], body["status"]) == (full.did, False, "deleted")


def test_who_never_arrived_goes_without_a_word(full):
    account = Account.objects.get(pk=full.id)
    AccountMigration.objects.create(account=account, created_at=timezone.now())
    Event.objects.filter(repo_id=full.id).delete()
    deletion.delete(account)
    assert events_of(full) == []
    assert rows_of(full) == 0


def test_others_keep_what_is_theirs(full, new_account, ash):
    other = new_account()
    neighbour = repos.find_repo(ash, other.did)
    ref = uploads.stage(neighbour, io.BytesIO(b"a picture"), "text/plain", 9, 1000)
    group_commit.apply_writes(neighbour, [writes.put(THING, "k", using(ref))])
    held, said = rows_of(neighbour), len(events_of(neighbour))
    delete(full)
    assert (rows_of(neighbour), len(events_of(neighbour))) == (held, said)
    with blobs.open_blob(neighbour, ref.cid).file as file:
        assert file.read() == b"a picture"


def test_readers_find_nobody_before_anything_is_cleared(full, ash, monkeypatch):
    monkeypatch.setattr(repo_deletion.queue, "wake", lambda _: None)
    delete(full)
    with pytest.raises(RepoNotFound):
        repos.find_repo(ash, full.did)
    assert rows_of(full) > 0
    assert RepoDeletion.objects.get().did == full.did


def test_a_replay_forgets_what_was_numbered_before_anything_is_cleared(full, monkeypatch):
    monkeypatch.setattr(repo_deletion.queue, "wake", lambda repo_id: None)
    numbering.number()
    group_commit.apply_writes(full, [writes.put(THING, "late", {"n": 1})])
    delete(full)
    kinds = [event.kind for event in events_of(full)]
    assert kinds == [EventKind.COMMIT, EventKind.ACCOUNT]  # the one that awaits its number stays


def test_a_deletion_that_fails_deletes_nothing(full, monkeypatch):
    def fail(*_args, **_kwargs):
        raise ConnectionError("lost in the middle")

    monkeypatch.setattr(deletion, "mail_confirmation", fail)
    with pytest.raises(ConnectionError):
        delete(full)
    assert Account.objects.filter(pk=full.id, status="active").exists()
    assert Repo.objects.filter(pk=full.id).exists()
    assert not RepoDeletion.objects.exists()


@pytest.mark.parametrize("step", range(5))
def test_a_crash_after_any_step_is_made_good_by_the_sweep(full, folder, monkeypatch, step):
    crash_after(step, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        delete(full)
    assert RepoDeletion.objects.exists()
    monkeypatch.undo()
    RepoDeletion.objects.update(next_attempt_at="2020-01-01T00:00:00Z")  # the dead worker's is over
    repo_deletion.queue.sweep()
    assert_nothing_is_left(full, folder)


def test_a_storage_that_is_away_gets_another_chance(full, folder, monkeypatch):
    def fail(_):
        raise TimeoutError

    monkeypatch.setattr(files, "purge", fail)
    with pytest.raises(TimeoutError):
        delete(full)
    assert FileDeletion.objects.count() == 2
    monkeypatch.undo()
    garbage_collection.remove_unused_blobs()
    assert_nothing_is_left(full, folder)


def crash_after(step: int, monkeypatch) -> None:
    """Die at the statement after that many of the clearing."""
    real, counter = connection.rows, iter(range(100))

    def rows(sql, params=()):
        if next(counter) >= step:
            raise KeyboardInterrupt
        return real(sql, params)

    def begin(repo_id):
        monkeypatch.setattr(connection, "rows", rows)
        repo_deletion.clear(repo_id)

    monkeypatch.setattr(repo_deletion.queue, "wake", begin)
