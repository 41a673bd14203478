import gc
import threading
from collections.abc import Iterator
from hashlib import sha256

import libipld
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.models import Account
from hosting.models import Host
from protocol import car, cbor, cid, mst
from protocol.errors import InvalidRequest
from protocol.keys import SigningKey
from protocol.repo import commit
from repos.commits import group_commit, writes
from repos.imports import car_file, importing
from repos.models import Node, Record, Repo
from repos.reads import exported_blocks, exports, record_proofs, repos
from repos.reads.repos import RepoRow
from repos.state import long_reads
from server.database.connection import conninfo
from tests.factories import open_account
from tests.unit.repos.events.firehose import stream

THING = "com.example.thing"
own_connection = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True, scope="module")
def hang_up() -> Iterator[None]:
    yield
    long_reads.close_idle()


def fill(repo: RepoRow, start: int, count: int) -> str:
    batch = [writes.put(THING, f"k{n:04}", {"n": n}) for n in range(start, start + count)]
    return group_commit.apply_writes(repo, batch).rev or ""


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
    group_commit.apply_writes(repo, batch)
    exported = read(exports.export_repo(repo))
    assert {write.cid for write in batch} < set(exported.blocks)


@own_connection
@pytest.mark.parametrize("counted", [exported_blocks.COUNTED_RECORDS, 0])
def test_a_chunk_has_a_few_megabytes_whatever_the_records(
    repo: RepoRow, monkeypatch: pytest.MonkeyPatch, counted: int
) -> None:
    monkeypatch.setattr(exported_blocks, "COUNTED_RECORDS", counted)
    values = [{"text": f"{n // 2:05}" * 6_000} for n in range(180)]  # of 30 kB, each of them twice
    for start in range(0, 180, 60):
        batch = [writes.put(THING, f"k{n}", values[n]) for n in range(start, start + 60)]
        group_commit.apply_writes(repo, batch)
    chunks = list(exports.export_repo(repo))
    assert max(map(len, chunks)) < 4_200_000
    assert sum(map(len, chunks)) < 91 * 30_100
    assert len(read(chunks).blocks) > 90


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


@pytest.mark.long
@own_connection
def test_an_export_dropped_half_way_leaves_its_connection_usable(repo: RepoRow) -> None:
    fill(repo, 0, 200)
    for _ in range(10):
        chunks = exports.export_repo(repo)
        next(chunks)
        next(chunks)
        del chunks
        gc.collect()
    idle = long_reads.IDLE[conninfo()]
    assert idle.qsize() == 1
    assert len(read(exports.export_repo(repo)).blocks) > 200
    assert repos.find_repo(Host.objects.get(), repo.did).id == repo.id


@own_connection
def test_an_export_may_be_read_by_another_thread(repo: RepoRow) -> None:
    fill(repo, 0, 100)
    chunks = exports.export_repo(repo)
    got = [next(chunks)]
    thread = threading.Thread(target=lambda: got.extend(chunks))
    thread.start()
    thread.join()
    assert len(read(got).blocks) > 100


# --- every block once, and all of them


def sections(data: bytes) -> list[bytes]:
    """A CAR's sections, the header first, by a reader that shares nothing with ours."""
    found, at = [], 0
    while at < len(data):
        size, shift = 0, 0
        while True:
            byte, at = data[at], at + 1
            size, shift = size | (byte & 127) << shift, shift + 7
            if byte < 128:
                break
        found.append(data[at : at + size])
        at += size
    assert at == len(data)
    return found


def each_once(data: bytes) -> dict[bytes, bytes]:
    """The blocks of a CAR in which every CID is true and none comes twice."""
    _, *blocks = sections(data)
    assert all(section[4:36] == sha256(section[36:]).digest() for section in blocks)
    by_cid = {section[:36]: section[36:] for section in blocks}
    assert len(by_cid) == len(blocks)
    assert len(libipld.decode_car(data)[1]) == len(blocks)
    return by_cid


COUNTED, NOT_COUNTED = exported_blocks.COUNTED_RECORDS, 0
SIZES = st.sampled_from([1, 30, 400, 33_000])


def whole(exported: bytes, repo: RepoRow) -> None:
    """An export has the commit first, every node and record of the tree, and nothing else."""
    held = each_once(exported)
    row = Repo.objects.get(pk=repo.id)
    assert sections(exported)[1] == bytes(row.head) + bytes(row.commit)
    walked = [block_cid for block_cid, _ in mst.Tree(bytes(row.data), held).walk()]
    assert {bytes(row.head), *walked} == held.keys()


@pytest.mark.parametrize("counted", [COUNTED, NOT_COUNTED])
@hypothesis_settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(contents=st.lists(st.tuples(st.integers(0, 5), SIZES), max_size=60))
@own_connection
def test_an_export_has_every_block_once_whatever_the_records(
    ash: Host, counted: int, contents: list[tuple[int, int]]
) -> None:
    repo = repos.find_repo(ash, open_account(ash).did)
    if contents:
        batch = [
            writes.create(THING, f"k{n:03}", {"n": value, "t": "x" * size})
            for n, (value, size) in enumerate(contents)
        ]
        group_commit.apply_writes(repo, batch[:30])
        group_commit.apply_writes(repo, batch[30:])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exported_blocks, "COUNTED_RECORDS", counted)
        exported = b"".join(exports.export_repo(repo))
    whole(exported, repo)


@pytest.mark.long
@pytest.mark.parametrize("counted", [COUNTED, NOT_COUNTED])
@own_connection
def test_equal_records_far_apart_are_one_block(repo: RepoRow, monkeypatch, counted: int) -> None:
    for start in range(0, 2_400, 200):
        batch = [writes.put(THING, f"k{n:04}", {"n": n % 1_150}) for n in range(start, start + 200)]
        group_commit.apply_writes(repo, batch)
    monkeypatch.setattr(exported_blocks, "COUNTED_RECORDS", counted)
    exported = b"".join(exports.export_repo(repo))
    whole(exported, repo)
    assert len(each_once(exported)) == 1 + 1_150 + Node.objects.filter(repo_id=repo.id).count()


def twisted_car(did: str) -> bytes:
    """A repo in which one record is, byte for byte, a node of its tree."""
    records = [cbor.encode({"n": n}) for n in range(300)]
    named = {b"a.b.c/k%03d" % n: cid.of_dag_cbor(block) for n, block in enumerate(records)}
    for node in mst.build(sorted(named.items()))[1]:
        root, tree = mst.build(sorted({**named, b"z.b.c/twin": node}.items()))
        if node in tree:
            break
    signed = commit.sign(did, "3ke6kg3wk222b", root, SigningKey.generate())
    blocks = [(cid.of_dag_cbor(block), block) for block in records]
    return car.write(signed.cid, [(signed.cid, signed.block), *tree.items(), *blocks])


@pytest.mark.parametrize("counted", [COUNTED, NOT_COUNTED])
@own_connection
def test_a_record_with_the_bytes_of_a_node_is_one_block_with_it(
    repo: RepoRow, monkeypatch, settings, tmp_path, counted: int
) -> None:
    settings.DATA_DIR = tmp_path
    with car_file.receive([twisted_car(repo.did)]) as received:
        importing.import_repo(repo.id, received, importing.ignore_progress)
    monkeypatch.setattr(exported_blocks, "COUNTED_RECORDS", counted)
    whole(b"".join(exports.export_repo(repo)), repo)
    each_once(record_proofs.record_proof(repo, "z.b.c", "twin"))


@own_connection
@pytest.mark.parametrize("counted", [COUNTED, NOT_COUNTED])
def test_an_update_has_every_block_once(repo: RepoRow, monkeypatch, counted: int) -> None:
    rev = fill(repo, 0, 50)
    batch = [writes.create(THING, f"s{n}", {"same": True}) for n in range(20)]
    group_commit.apply_writes(repo, batch)
    monkeypatch.setattr(exported_blocks, "COUNTED_RECORDS", counted)
    update = each_once(b"".join(exports.export_repo(repo, rev)))
    assert {batch[0].cid, bytes(Repo.objects.get(pk=repo.id).head)} < update.keys()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_commits_and_proofs_have_every_block_once(repo: RepoRow, number: int) -> None:
    batch = [writes.create(THING, f"s{n}", {"same": n % 2}) for n in range(20)]
    group_commit.apply_writes(repo, batch)
    each_once(stream.commits(repo.id)[-1]["blocks"])
    each_once(record_proofs.record_proof(repo, THING, f"s{number}"))


def test_a_proof_leads_from_the_commit_to_the_record(repo: RepoRow) -> None:
    fill(repo, 0, 200)
    proof = car.read(record_proofs.record_proof(repo, THING, "k0042"))
    root = commit.parse(proof.blocks[proof.roots[0]]).data
    found = mst.Tree(root, proof.blocks).get(f"{THING}/k0042".encode())
    assert proof.blocks[found or b""] == bytes(Record.objects.get(rkey="k0042").data)
    assert len(proof.blocks) < 12


@pytest.mark.parametrize("rkey", ["k0042a", "a", "z"])
def test_a_proof_shows_that_there_is_no_record(repo: RepoRow, rkey: str) -> None:
    fill(repo, 0, 200)
    proof = car.read(record_proofs.record_proof(repo, THING, rkey))
    root = commit.parse(proof.blocks[proof.roots[0]]).data
    assert mst.Tree(root, proof.blocks).get(f"{THING}/{rkey}".encode()) is None


def test_a_proof_of_a_repo_that_never_rests_takes_its_turn(
    repo: RepoRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(repo, 0, 3)
    expected = record_proofs.record_proof(repo, THING, "k0001")
    monkeypatch.setattr(record_proofs, "TRIES", 0)
    assert record_proofs.record_proof(repo, THING, "k0001") == expected


def test_blocks_are_given_out_without_roots(repo: RepoRow) -> None:
    fill(repo, 0, 1)
    record = bytes(Record.objects.get().cid)
    given = car.read(b"".join(exports.blocks(repo, [record, record])))
    assert (given.roots, list(given.blocks)) == ((), [record])


def test_many_blocks_come_a_few_at_a_time(repo: RepoRow, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(repo, 0, 50)
    cids = [bytes(found) for found in Record.objects.values_list("cid", flat=True)]
    monkeypatch.setattr(exports, "GROUP_BYTES", 200)
    chunks = list(exports.blocks(repo, cids))
    assert max(map(len, chunks)) <= 600  # 200 of blocks, and their CIDs and lengths
    assert list(car.read(b"".join(chunks)).blocks) == cids


def test_blocks_of_too_many_bytes_are_refused_at_once(
    repo: RepoRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(repo, 0, 2)
    monkeypatch.setattr(exports, "MAX_BLOCKS_BYTES", 50)
    with pytest.raises(InvalidRequest, match="ask for fewer"):
        exports.blocks(repo, [bytes(each.cid) for each in Record.objects.all()])


def test_a_block_that_goes_meanwhile_breaks_the_answer_off(
    repo: RepoRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(repo, 0, 2)
    monkeypatch.setattr(exports, "GROUP_BYTES", 1)
    chunks = exports.blocks(repo, [bytes(each.cid) for each in Record.objects.all()])
    assert next(chunks)
    Record.objects.all().delete()
    with pytest.raises(exports.BlockNotFound):
        list(chunks)


def test_nobody_asks_for_more_blocks_than_one_call_may(repo: RepoRow) -> None:
    cids = [cid.of_raw(bytes([number])) for number in range(exports.MAX_BLOCKS + 1)]
    with pytest.raises(InvalidRequest, match="At most 100 cids"):
        exports.blocks(repo, cids)


def test_blocks_of_another_repo_are_not_found(repo: RepoRow, ash: Host, new_account) -> None:
    fill(repo, 0, 1)
    other: Account = new_account()
    record = bytes(Record.objects.get().cid)
    with pytest.raises(exports.BlockNotFound, match=cid.to_text(record)):
        exports.blocks(repos.find_repo(ash, other.did), [record])
