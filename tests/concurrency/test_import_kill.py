"""kill -9 within an import: nothing half done, and the import ends all the same."""

import http.client
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from protocol import car, cbor, cid, mst
from protocol.keys import SigningKey
from protocol.repo import commit
from tests.concurrency.client import Api, Person, sign_up
from tests.running import RunningGrove, running_grove

pytestmark = pytest.mark.slow

LARGE, SMALL = 40_000, 10_000


@pytest.fixture(scope="module")
def grove() -> Iterator[RunningGrove]:
    with running_grove() as started:
        yield started


def repo_car(did: str, count: int) -> bytes:
    block = cbor.encode({"$type": "com.example.thing", "text": "x" * 200})
    record = cid.of_dag_cbor(block)
    root, nodes = mst.build((f"com.example.thing/{n:06}".encode(), record) for n in range(count))
    signed = commit.sign(did, "3ke6kg3wk222b", root, SigningKey.generate())
    blocks = [(signed.cid, signed.block), *nodes.items(), (record, block)]
    # Unneeded blocks make it as large as a repo of different records.
    more = (cbor.encode({"n": n, "x": "y" * 150}) for n in range(count))
    return car.write(signed.cid, [*blocks, *((cid.of_dag_cbor(each), each) for each in more)])


def import_in_background(grove: RunningGrove, person: Person, data: bytes) -> "Future[int]":
    """The call's status; 0 when the connection broke."""
    status: Future[int] = Future()

    def call() -> None:
        connection = http.client.HTTPConnection("localhost", grove.port, timeout=300)
        headers = {"Authorization": f"Bearer {person.token}", "Content-Type": car_type}
        try:
            connection.request("POST", "/xrpc/com.atproto.repo.importRepo", data, headers)
            status.set_result(connection.getresponse().status)
        except (OSError, http.client.HTTPException):
            status.set_result(0)

    car_type = "application/vnd.ipld.car"
    threading.Thread(target=call, daemon=True).start()
    return status


def record_count(grove: RunningGrove, person: Person) -> int:
    """From an export whose tree is verified strictly."""
    deadline = time.monotonic() + 2000
    while True:
        try:
            status, body = Api(grove.port).raw("com.atproto.sync.getRepo", did=person.did)
        except (OSError, http.client.HTTPException):
            status = 0
        if status == 200:
            break
        assert time.monotonic() < deadline
        time.sleep(0.2)
    read = car.read(body)
    return len(mst.verify(commit.parse(read.blocks[read.roots[0]]).data, read.blocks))


def wait_until_received(grove: RunningGrove, data: bytes) -> None:
    folder = grove.data / "imports"
    deadline = time.monotonic() + 200
    while not any(file.stat().st_size > len(data) // 2 for file in folder.glob("*.car")):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_import_goes_on_when_its_worker_is_killed(grove: RunningGrove) -> None:
    person = sign_up(grove.port)
    data = repo_car(person.did, LARGE)
    status = import_in_background(grove, person, data)
    wait_until_received(grove, data)
    time.sleep(0.7)
    grove.kill("worker")
    assert record_count(grove, person) in (0, LARGE)
    assert status.result(120) == 200
    assert record_count(grove, person) == LARGE
    assert list((grove.data / "imports").iterdir()) == []


def test_a_small_import_is_all_or_nothing_when_the_web_is_killed(grove: RunningGrove) -> None:
    person = sign_up(grove.port)
    data = repo_car(person.did, SMALL)
    status = import_in_background(grove, person, data)
    wait_until_received(grove, data)
    for name in ("web-1", "web-2"):
        grove.kill(name)
    assert status.result(60) in (0, 200)
    assert record_count(grove, person) in (0, SMALL)
    assert import_in_background(grove, person, data).result(60) == 200
    assert record_count(grove, person) == SMALL
