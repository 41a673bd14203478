"""Random repos: exported, changed, brought back; each #commit of an import undone as relays do."""

import random

import pytest

from protocol import car, cbor, cid, mst
from protocol.event_stream import frames
from protocol.event_stream.frames import Body, RepoOp
from protocol.keys import SigningKey
from protocol.repo import commit, inversion
from repos.commits import group_commit, writes
from repos.imports import car_file, importing
from repos.maintenance import check
from repos.models import Event, Repo
from repos.reads import exports, repos
from repos.reads.repos import RepoRow
from repos.state import long_reads
from tests.factories import open_account

pytestmark = pytest.mark.django_db(transaction=True)

Records = dict[str, dict[str, int]]


@pytest.fixture(autouse=True)
def hang_up(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    yield
    long_reads.close_idle()


@pytest.fixture
def repo(ash) -> RepoRow:
    return repos.find_repo(ash, open_account(ash).did)


def random_records(source: random.Random, count: int) -> Records:
    paths = [f"com.example.{source.choice('abc')}/{source.randrange(400):03}" for _ in range(count)]
    return {path: {"n": source.randrange(5)} for path in paths}


def foreign_car(did: str, records: Records) -> bytes:
    blocks = {path.encode(): cbor.encode(value) for path, value in records.items()}
    root, nodes = mst.build(sorted((key, cid.of_dag_cbor(b)) for key, b in blocks.items()))
    signed = commit.sign(did, "3ke6kg3wk222b", root, SigningKey.generate())
    held = [(cid.of_dag_cbor(block), block) for block in blocks.values()]
    return car.write(signed.cid, [(signed.cid, signed.block), *nodes.items(), *held])


def import_car(repo: RepoRow, data: bytes) -> None:
    with car_file.receive([data]) as received:
        importing.import_repo(repo.id, received, lambda _count: None)


def export(repo: RepoRow, since: str | None = None) -> bytes:
    return b"".join(exports.export_repo(repo, since))


def root_of(repo: RepoRow) -> bytes:
    return bytes(Repo.objects.get(pk=repo.id).data)


def change(repo: RepoRow, source: random.Random, records: Records) -> None:
    """Some records go, some are others, some are new."""
    gone = source.sample(sorted(records), min(20, len(records)))
    batch = [writes.delete(*path.split("/")) for path in gone[:10]]
    batch += [writes.put(*path.split("/"), {"n": 99}) for path in gone[10:]]
    batch += [writes.create("com.example.new", f"{n}", {"n": n}) for n in range(10)]
    group_commit.apply_writes(repo, batch)


@pytest.mark.parametrize("seed", range(6))
def test_what_was_exported_comes_back(repo: RepoRow, seed: int) -> None:
    source = random.Random(seed)
    records = random_records(source, source.choice([1, 30, 300]))
    import_car(repo, foreign_car(repo.did, records))
    root, saved = root_of(repo), export(repo)
    change(repo, source, records)
    import_car(repo, saved)
    assert root_of(repo) == root
    assert check.check_repo(repo.id, lambda _count: None).damages == []


@pytest.mark.parametrize("seed", range(6))
def test_late_writes_come_as_an_export_since(repo: RepoRow, seed: int) -> None:
    source = random.Random(seed)
    records = random_records(source, 300)
    import_car(repo, foreign_car(repo.did, records))
    before, rev = export(repo), Repo.objects.get(pk=repo.id).rev
    change(repo, source, records)
    root, late = root_of(repo), export(repo, rev)
    import_car(repo, before)
    assert len(late) < len(before)
    import_car(repo, late)
    assert root_of(repo) == root


@pytest.mark.parametrize("seed", range(8))
def test_a_relay_can_undo_the_commit_of_an_import(repo: RepoRow, seed: int) -> None:
    source = random.Random(seed)
    records = random_records(source, source.choice([0, 3, 150]))
    import_car(repo, foreign_car(repo.did, records))
    prev_data = root_of(repo)
    later = {**records, **random_records(source, 60)}
    for path in source.sample(sorted(records), len(records) // 4):
        del later[path]
    import_car(repo, foreign_car(repo.did, later))
    event = Event.objects.filter(repo_id=repo.id).order_by("id").last()
    assert event.kind == frames.EventKind.COMMIT
    assert undone(Body(bytes(event.body), event.seq_at)) == prev_data


def undone(stored: Body) -> bytes:
    """The root that a relay comes to when it takes the ops back."""
    message = frames.frame(1, stored.data, stored.seq_at, 1)
    _header, body = frames.parse(message)
    slice_ = car.read(body["blocks"])
    signed = commit.parse(slice_.blocks[slice_.roots[0]])
    ops = [
        RepoOp(op["action"], op["path"], raw(op["cid"]), raw(op.get("prev"))) for op in body["ops"]
    ]
    return inversion.invert(slice_.blocks, signed.data, ops)


def raw(link: cbor.Link | None) -> bytes | None:
    return link.cid_bytes if link is not None else None
