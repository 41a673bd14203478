"""Records under paths that no repo may hold: found, removed, and kept out by Postgres itself."""

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection

from protocol import car, cbor, cid, mst, syntax
from protocol.event_stream.frames import EventKind
from protocol.keys import SigningKey
from protocol.repo import commit
from repos.imports import car_file, importing
from repos.maintenance import check, invalid_paths
from repos.models import BlobUse, Event, Record, Repo
from repos.reads import repos
from repos.reads.repos import RepoRow
from repos.state import long_reads

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = ["com.example.record/ok", "com.example.record/self"]
LONG = f"com.example.record/{'x' * 600}"
BAD = ["App.Bsky.feed.post/k", "com.example.record/..", LONG, "thing/x"]
CONSTRAINT = """
SELECT pg_get_constraintdef(oid) FROM pg_constraint
WHERE conname = 'record_path' AND conrelid = 'record'::regclass
"""


@pytest.fixture
def old_import(repo: RepoRow, settings, tmp_path, monkeypatch) -> RepoRow:
    """A repo as an import of an earlier version left it."""
    settings.DATA_DIR = tmp_path
    with connection.cursor() as cursor, monkeypatch.context() as before:
        cursor.execute(CONSTRAINT)
        [rule] = cursor.fetchone()
        cursor.execute("ALTER TABLE record DROP CONSTRAINT record_path")
        before.setattr(syntax, "is_record_path", lambda _collection, _rkey: True)
        with car_file.receive([repo_car(repo.did, GOOD + BAD)]) as received:
            importing.import_first(repo.id, received)
        cursor.execute(f"ALTER TABLE record ADD CONSTRAINT record_path {rule}")
    yield repo
    long_reads.close_idle()


def repo_car(did: str, paths: list[str]) -> bytes:
    blob = {"$type": "blob", "ref": cbor.Link(cid.of_raw(b"a")), "mimeType": "a/b", "size": 1}
    block = cbor.encode({"blob": blob})
    record = cid.of_dag_cbor(block)
    root, nodes = mst.build([(path.encode(), record) for path in sorted(paths)])
    signed = commit.sign(did, "3ke6kg3wk222b", root, SigningKey.generate())
    return car.write(signed.cid, [(signed.cid, signed.block), *nodes.items(), (record, block)])


def paths_in(repo: RepoRow) -> list[str]:
    rows = Record.objects.filter(repo_id=repo.id).values_list("collection", "rkey")
    return sorted(f"{collection}/{rkey}" for collection, rkey in rows)


def test_a_check_finds_what_an_older_import_let_in(old_import: RepoRow) -> None:
    assert invalid_paths.find(old_import) == BAD
    damages = check.check_repo(old_import.id, lambda _count: None).damages
    assert sorted(damage.partition(" is no record path")[0] for damage in damages) == BAD


def test_they_go_and_the_rest_is_well(old_import: RepoRow) -> None:
    assert invalid_paths.remove(old_import) == BAD
    assert paths_in(old_import) == GOOD
    assert check.check_repo(old_import.id, lambda _count: None).damages == []
    assert BlobUse.objects.filter(repo_id=old_import.id).count() == len(GOOD)
    assert invalid_paths.remove(old_import) == []


def test_no_event_names_them(old_import: RepoRow) -> None:
    before = Event.objects.count()
    invalid_paths.remove(old_import)
    assert [event.kind for event in Event.objects.order_by("id")[before:]] == [EventKind.SYNC]


def test_an_import_without_them_names_none_either(old_import: RepoRow) -> None:
    with car_file.receive([repo_car(old_import.did, GOOD)]) as received:
        importing.import_repo(old_import.id, received, importing.ignore_progress)
    assert paths_in(old_import) == GOOD
    assert Event.objects.latest("id").kind == EventKind.SYNC


def test_those_of_a_repo_that_rests_go_in_silence(old_import: RepoRow) -> None:
    Repo.objects.filter(pk=old_import.id).update(status="deactivated")
    before = Event.objects.count()
    assert invalid_paths.remove(repos.RepoRef(old_import.id, old_import.did, 1)) == BAD
    assert Event.objects.count() == before


def test_the_command_says_which_went(old_import: RepoRow, capsys) -> None:
    with pytest.raises(CommandError):
        call_command("repo", "check", old_import.did)
    call_command("repo", "remove-invalid", old_import.did)
    assert f"{old_import.did}: removed thing/x\n" in capsys.readouterr().out
    call_command("repo", "check", old_import.did)


@pytest.mark.parametrize("path", [*BAD, "com.example.record/", "com.example.a b/k", "com.ex/a/k",
                                  "com.example.record/ü", ".com.example/k", "com.example.9/k",
                                  "com.example.re-cord/k", "com..example.record/k"])  # fmt: skip
def test_postgres_takes_none_of_them(repo: RepoRow, path: str) -> None:
    collection, _, rkey = path.rpartition("/")
    assert not syntax.is_record_path(collection, rkey)
    row = {"cid": b"c", "rev": "3ke6kg3wk222b", "data": b"d"}
    with pytest.raises(IntegrityError, match="record_path"):
        Record.objects.create(repo_id=repo.id, collection=collection, rkey=rkey, **row)


@pytest.mark.parametrize("rkey", ["...", "..a", ".a", "a.", "~", "-", "a:b_c", "k" * 512])
def test_postgres_takes_every_record_key(repo: RepoRow, rkey: str) -> None:
    collection = "com.example-1.deep.thing9"
    assert syntax.is_record_path(collection, rkey)
    row = {"cid": b"c", "rev": "3ke6kg3wk222b", "data": b"d"}
    Record.objects.create(repo_id=repo.id, collection=collection, rkey=rkey, **row)
    assert Record.objects.filter(repo_id=repo.id, rkey=rkey).exists()
