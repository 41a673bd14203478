"""kill -9 of any one process under load: all acknowledged is there, each event once, in order."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol import car, cbor, cid, mst
from protocol.event_stream import frames
from protocol.repo import commit
from server.supervisor.readiness import directory_answers
from tests.concurrency import verify
from tests.concurrency.client import Api, Person, Refused, Subscriber, Writer, newest_seq, sign_up
from tests.concurrency.test_one_order import signing_key
from tests.running import RunningGrove, running_grove

pytestmark = pytest.mark.slow

PARTS = [
    "web-1", "web-2", "sequencer", "relay", "worker", "plc", "valkey", "postgres", "supervisor",
]  # fmt: skip
PEOPLE, WRITERS = 3, 6


@pytest.fixture(scope="module")
def grove() -> Iterator[RunningGrove]:
    with running_grove() as started:
        yield started


@pytest.mark.parametrize("part", PARTS)
def test_nothing_acknowledged_is_lost_when_one_process_is_killed(
    grove: RunningGrove, part: str
) -> None:
    people = [sign_up(grove.port) for _ in range(PEOPLE)]
    before = newest_seq(grove.port)
    stop = threading.Event()
    subscriber = Subscriber(grove.port, stop, cursor=before)
    writers = [Writer(grove.port, people[i % PEOPLE], stop) for i in range(WRITERS)]
    for thread in [subscriber, *writers]:
        thread.start()
    time.sleep(1.0)

    kill_and_recover(grove, part)

    written = sum(len(writer.acknowledged) for writer in writers)
    wait_until(lambda: sum(len(w.acknowledged) for w in writers) > written + 20, grove)
    stop.set()
    for writer in writers:
        writer.join(40)
    newest = newest_seq(grove.port)
    assert_nothing_lost(grove, people, writers)
    assert_each_event_once(grove, people, writers, subscriber, before, newest)
    if part == "relay":
        assert_the_relay_says_the_same(grove)


def kill_and_recover(grove: RunningGrove, part: str) -> None:
    killed = grove.pids()[part]
    grove.kill(part)
    if part == "supervisor":
        grove.wait_dead()
        grove.start()
    else:
        wait_until(lambda: grove.pids()[part] != killed, grove)
    if part == "plc":  # else nobody could sign up for what comes next
        wait_until(lambda: directory_answers(grove.plc_port), grove)


def wait_until(condition: object, grove: RunningGrove) -> None:
    deadline = time.monotonic() + 300
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "".join(grove.output[-40:])
        time.sleep(0.05)


def assert_nothing_lost(grove: RunningGrove, people: list[Person], writers: list[Writer]) -> None:
    for person in people:
        export = exported(grove, person)
        held = repository(export)
        for writer in writers:
            if writer.person is person:
                for uri, cid_text in writer.acknowledged.items():
                    path = uri.removeprefix(f"at://{person.did}/").encode()
                    assert held[path] == cid_text


def exported(grove: RunningGrove, person: Person) -> bytes:
    status, body = Api(grove.port).raw("com.atproto.sync.getRepo", did=person.did)
    if status != 200:
        raise Refused(status, body[:300])
    return body


def repository(export: bytes) -> dict[bytes, str]:
    """Path to record CID, from an export whose tree is verified strictly."""
    read = car.read(export)
    signed = commit.parse(read.blocks[read.roots[0]])
    return {key: cid.to_text(value) for key, value in mst.verify(signed.data, read.blocks)}


def assert_each_event_once(
    grove: RunningGrove,
    people: list[Person],
    writers: list[Writer],
    subscriber: Subscriber,
    before: int,
    newest: int,
) -> None:
    stop = threading.Event()
    replayed = Subscriber(grove.port, stop, cursor=before)
    replayed.start()
    wait_until(lambda: (replayed.cursor or 0) >= newest, grove)
    stop.set()
    replayed.join(10)

    verify.in_order(replayed.frames)
    seen_live = [frame for frame in subscriber.frames if frame[0] <= newest]
    verify.in_order(seen_live)
    assert seen_live == replayed.frames[: len(seen_live)]
    commits = verify.commits_of(replayed.frames)
    for person in people:
        verify.chain(commits[person.did], signing_key(grove, person))
        announced = [body["rev"] for body in commits[person.did]]
        assert len(announced) == len(set(announced))
        acknowledged = {rev for w in writers if w.person is person for rev in w.revs}
        assert acknowledged <= set(announced)


def assert_the_relay_says_the_same(grove: RunningGrove) -> None:
    """The host's events, all of them, each once and in its order, with numbers of the relay's."""
    stop = threading.Event()
    ours = Subscriber(grove.port, stop)
    relayed = Subscriber(grove.port, stop, name="relay.localhost")
    for reader in (ours, relayed):
        reader.start()
    wait_until(lambda: ours.frames and len(relayed.frames) >= len(ours.frames), grove)
    time.sleep(1.0)
    stop.set()
    assert [seq for seq, _ in relayed.frames] == list(range(1, len(ours.frames) + 1))
    assert list(map(said, relayed.frames)) == list(map(said, ours.frames))


def said(frame: tuple[int, bytes]) -> bytes:
    """What a frame says beside its number."""
    _, body = frames.parse(frame[1])
    return cbor.encode(body | {"seq": 0})


def test_the_data_folder_names_every_process(grove: RunningGrove) -> None:
    assert set(PARTS) <= set(grove.pids())
    assert (Path(grove.data) / "run").stat().st_mode & 0o077 == 0
