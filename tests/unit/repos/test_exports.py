import gc
import threading
from collections.abc import Iterator

import pytest

from accounts.models import Account
from hosting.models import Host
from protocol import car, cid, commit, mst
from protocol.errors import InvalidRequest
from repos import commits, exports, reads, snapshots, writes
from repos.models import Record, Repo
from repos.reads import RepoRow

THING = "com.example.thing"
own_connection = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True, scope="module")
def hang_up() -> Iterator[None]:
    yield
    snapshots.close_idle()


def fill(repo: RepoRow, start: int, count: int) -> str:
    batch = [writes.put(THING, f"k{n:04}", {"n": n}) for n in range(start, start + count)]
    return commits.apply_writes(repo, batch).rev or ""


def read(chunks) -> car.Car:
    return car.read(b"".join(chunks))


@own_connection
def test_an_export_holds_the_whole_signed_tree_and_nothing_else(repo: RepoRow) -> None:
    fill(repo, 0, 200)
    fill(repo, 100, 150)
    exported = read(exports.export_repo(repo))
    row = Repo.objects.get(pk=repo.id)
    signed = commit.parse(exported.blocks[exported.roots[0]])
    assert exported.roots == (bytes(row.head),)
    items = dict(mst.Tree(signed.data, exported.blocks).items())
    assert len(items) == 250
    nodes = {c for c, block in mst.Tree(signed.data, exported.blocks).walk() if block}
    assert set(exported.blocks) == {bytes(row.head)} | nodes | set(items.values())


@own_connection
def test_the_commit_is_the_first_block(repo: RepoRow) -> None:
    first = next(iter(exports.export_repo(repo)))
    assert next(car.stream([first]).blocks)[0] == repo.head


@own_connection
def test_an_export_since_a_rev_holds_what_came_later(repo: RepoRow) -> None:
    rev = fill(repo, 0, 50)
    full = read(exports.export_repo(repo)).blocks
    fill(repo, 50, 1)
    update = read(exports.export_repo(repo, rev))
    root = commit.parse(update.blocks[update.roots[0]]).data
    assert len(update.blocks) < 15
    assert len(dict(mst.Tree(root, full | update.blocks).items())) == 51


@own_connection
def test_an_export_since_the_future_is_the_commit_alone(repo: RepoRow) -> None:
    assert list(read(exports.export_repo(repo, "jzzzzzzzzzzzz")).blocks) == [repo.head]


@own_connection
def test_large_records_are_exported_one_at_a_time(repo: RepoRow) -> None:
    batch = [writes.create(THING, f"k{n}", {"t": "x" * size}) for n, size in enumerate([9, 40_000])]
    commits.apply_writes(repo, batch)
    exported = read(exports.export_repo(repo))
    assert {write.cid for write in batch} < set(exported.blocks)


@own_connection
def test_writes_during_an_export_do_not_show_in_it(repo: RepoRow) -> None:
    fill(repo, 0, 200)
    chunks = exports.export_repo(repo)
    first = next(chunks)
    fill(repo, 0, 1)
    fill(repo, 200, 100)
    exported = read([first, *chunks])
    root = commit.parse(exported.blocks[exported.roots[0]]).data
    assert len(dict(mst.Tree(root, exported.blocks).items())) == 200


@own_connection
def test_an_export_dropped_half_way_leaves_its_connection_usable(repo: RepoRow) -> None:
    fill(repo, 0, 200)
    for _ in range(10):
        chunks = exports.export_repo(repo)
        next(chunks)
        next(chunks)
        del chunks
        gc.collect()
    idle = snapshots._idle[snapshots.conninfo()]
    assert idle.qsize() == 1
    assert len(read(exports.export_repo(repo)).blocks) > 200
    assert reads.find_repo(Host.objects.get(), repo.did).id == repo.id


@own_connection
def test_an_export_may_be_read_by_another_thread(repo: RepoRow) -> None:
    fill(repo, 0, 100)
    chunks = exports.export_repo(repo)
    got = [next(chunks)]
    thread = threading.Thread(target=lambda: got.extend(chunks))
    thread.start()
    thread.join()
    assert len(read(got).blocks) > 100


def test_a_proof_leads_from_the_commit_to_the_record(repo: RepoRow) -> None:
    fill(repo, 0, 200)
    proof = car.read(exports.record_proof(repo, THING, "k0042"))
    root = commit.parse(proof.blocks[proof.roots[0]]).data
    found = mst.Tree(root, proof.blocks).get(f"{THING}/k0042".encode())
    assert proof.blocks[found or b""] == bytes(Record.objects.get(rkey="k0042").data)
    assert len(proof.blocks) < 12


@pytest.mark.parametrize("rkey", ["k0042a", "a", "z"])
def test_a_proof_shows_that_there_is_no_record(repo: RepoRow, rkey: str) -> None:
    fill(repo, 0, 200)
    proof = car.read(exports.record_proof(repo, THING, rkey))
    root = commit.parse(proof.blocks[proof.roots[0]]).data
    assert mst.Tree(root, proof.blocks).get(f"{THING}/{rkey}".encode()) is None


def test_a_proof_of_a_repo_that_never_rests_takes_its_turn(
    repo: RepoRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(repo, 0, 3)
    expected = exports.record_proof(repo, THING, "k0001")
    monkeypatch.setattr(exports, "_TRIES", 0)
    assert exports.record_proof(repo, THING, "k0001") == expected


def test_blocks_are_given_out_without_roots(repo: RepoRow) -> None:
    fill(repo, 0, 1)
    record = bytes(Record.objects.get().cid)
    given = car.read(exports.blocks(repo, [record, record]))
    assert (given.roots, list(given.blocks)) == ((), [record])


def test_nobody_gets_more_blocks_than_fit_into_memory(repo: RepoRow) -> None:
    cids = [cid.of_raw(bytes([number])) for number in range(exports.MAX_BLOCKS + 1)]
    with pytest.raises(InvalidRequest, match="At most 100 cids"):
        exports.blocks(repo, cids)


def test_blocks_of_another_repo_are_not_found(repo: RepoRow, ash: Host, new_account) -> None:
    fill(repo, 0, 1)
    other: Account = new_account()
    record = bytes(Record.objects.get().cid)
    with pytest.raises(exports.BlockNotFound, match=cid.to_text(record)):
        exports.blocks(reads.find_repo(ash, other.did), [record])
