from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol import car, cbor, cid, mst
from protocol.keys import SigningKey
from protocol.repo import commit
from repos.imports import car_file
from repos.imports.car_file import UnreadableCar

DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
BLOCKS = [(cid.of_dag_cbor(bytes([n])), bytes([n])) for n in range(20)]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path / "imports"


def bytewise(data: bytes) -> Iterator[bytes]:
    return (data[at : at + 1] for at in range(len(data)))


def repo_car() -> tuple[bytes, bytes]:
    root, nodes = mst.build([])
    signed = commit.sign(DID, "3ke6kg3wk222b", root, SigningKey.generate())
    return signed.cid, car.write(signed.cid, [(signed.cid, signed.block), *nodes.items()])


def test_every_block_is_found_again_by_its_cid() -> None:
    data = car.write(BLOCKS[0][0], [*BLOCKS, *BLOCKS])
    with car_file.receive(bytewise(data)) as received:
        assert [received[block_cid] for block_cid, _ in BLOCKS] == [block for _, block in BLOCKS]
        assert len(received) == len(BLOCKS)


@pytest.mark.parametrize("piece_bytes", [7, 65_536])
def test_blocks_of_any_size_are_found_behind_any_header(piece_bytes: int) -> None:
    blocks = [(cid.of_raw(bytes(size)), bytes(size)) for size in (0, 91, 92, 300, 16_347, 16_348)]
    header = cbor.encode({"roots": [cbor.Link(blocks[0][0])], "version": 1, "more": "x"})
    data = bytes([len(header)]) + header + b"".join(car.frame(*pair) for pair in blocks)
    pieces = [data[at : at + piece_bytes] for at in range(0, len(data), piece_bytes)]
    with car_file.receive(pieces) as received:
        assert [received[block_cid] for block_cid, _ in blocks] == [block for _, block in blocks]
        assert received.size_bytes == len(data) == received.path.stat().st_size


def test_a_block_that_never_came_is_a_key_error() -> None:
    with car_file.receive([car.write(BLOCKS[0][0], BLOCKS)]) as received:
        assert cid.of_dag_cbor(b"absent") not in received
        with pytest.raises(KeyError):
            received[cid.of_dag_cbor(b"absent")]


def test_a_worker_finds_what_was_received() -> None:
    with car_file.receive([car.write(BLOCKS[0][0], [*BLOCKS, *BLOCKS])]) as received:
        again = car_file.reopen(received.path)
    with again:
        assert [again[block_cid] for block_cid, _ in BLOCKS] == [block for _, block in BLOCKS]
        assert (again.root, again.size_bytes) == (received.root, received.size_bytes)


def test_the_file_is_the_folders_owner_alone(folder: Path) -> None:
    car_file.receive([repo_car()[1]]).close()
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("cut", [0, 1, 30, 70, 200])
def test_a_car_that_breaks_off_leaves_no_file(folder: Path, cut: int) -> None:
    data = car.write(BLOCKS[0][0], BLOCKS)[:cut] + b"\x40"
    with pytest.raises(UnreadableCar):
        car_file.receive([data])
    assert list(folder.iterdir()) == []


def test_more_blocks_than_an_index_holds_are_refused(monkeypatch, folder: Path) -> None:
    monkeypatch.setattr(car_file, "MAX_BLOCKS", 5)
    with pytest.raises(UnreadableCar, match="more than 5 blocks"):
        car_file.receive([car.write(BLOCKS[0][0], BLOCKS)])


def test_the_commit_is_read_from_the_root() -> None:
    root, data = repo_car()
    with car_file.receive([data]) as received:
        assert (received.root, received.commit().did) == (root, DID)


def test_a_file_that_was_spoilt_meanwhile_is_refused() -> None:
    received = car_file.receive([repo_car()[1]])
    received.close()
    received.path.write_bytes(received.path.read_bytes()[:-1] + b"x")
    with pytest.raises(UnreadableCar, match="do not match"):
        car_file.reopen(received.path)
