"""Many writers, few repositories, subscribers that join at random: everybody sees one order."""

import random
import threading
import time
from collections.abc import Iterator

import pytest

from protocol.keys import PublicKey
from tests.concurrency import verify
from tests.concurrency.client import Api, Person, Subscriber, Writer, newest_seq, sign_up
from tests.running import RunningGrove, running_grove

pytestmark = pytest.mark.slow

REPOS, WRITERS, SUBSCRIBERS, WRITES_EACH = 5, 50, 5, 12


@pytest.fixture(scope="module")
def grove() -> Iterator[RunningGrove]:
    with running_grove() as started:
        yield started


def signing_key(grove: RunningGrove, person: Person) -> PublicKey:
    answer = Api(grove.port).call("com.atproto.repo.describeRepo", repo=person.did)
    method = answer["didDoc"]["verificationMethod"][0]
    return PublicKey.from_verification_method(method["type"], method["publicKeyMultibase"])


def test_fifty_writers_and_five_late_subscribers_see_one_verified_order(
    grove: RunningGrove,
) -> None:
    people = [sign_up(grove.port) for _ in range(REPOS)]
    stop_writing, stop_reading = threading.Event(), threading.Event()
    writers = [
        Writer(grove.port, people[i % REPOS], stop_writing, limit=WRITES_EACH)
        for i in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    subscribers = join_at_random(grove, stop_reading)
    for writer in writers:
        writer.join(120)
    newest = newest_seq(grove.port)
    wait_for(subscribers, newest)
    stop_reading.set()

    assert sum(len(writer.acknowledged) for writer in writers) == WRITERS * WRITES_EACH
    whole = replay(grove, newest)
    for subscriber in subscribers:
        assert not subscriber.refusals
        assert subscriber.frames == [f for f in whole if f[0] > subscriber.started_after]
    assert_verified(grove, people, writers, whole)


class LateSubscriber(Subscriber):
    """Remembers the cursor it came with."""

    started_after: int = 0


def join_at_random(grove: RunningGrove, stop: threading.Event) -> list[LateSubscriber]:
    """Subscribers that come one after the other, each from some cursor already past."""
    subscribers = []
    for _ in range(SUBSCRIBERS):
        time.sleep(random.uniform(0.05, 0.3))
        cursor = random.randint(0, newest_now(grove))
        subscriber = LateSubscriber(grove.port, stop, cursor=cursor)
        subscriber.started_after = cursor
        subscriber.start()
        subscribers.append(subscriber)
    return subscribers


def newest_now(grove: RunningGrove) -> int:
    """Some recent `seq`: what a reader from 0 has seen after a moment."""
    stop = threading.Event()
    reader = Subscriber(grove.port, stop)
    reader.start()
    time.sleep(0.3)
    stop.set()
    reader.join(10)
    return reader.cursor or 0


def wait_for(subscribers: list[LateSubscriber], seq: int) -> None:
    deadline = time.monotonic() + 200
    while any((subscriber.cursor or 0) < seq for subscriber in subscribers):
        assert time.monotonic() < deadline, [subscriber.cursor for subscriber in subscribers]
        time.sleep(0.05)


def replay(grove: RunningGrove, newest: int) -> list[tuple[int, bytes]]:
    stop = threading.Event()
    reader = LateSubscriber(grove.port, stop)
    reader.start()
    wait_for([reader], newest)
    stop.set()
    reader.join(10)
    return reader.frames


def assert_verified(
    grove: RunningGrove,
    people: list[Person],
    writers: list[Writer],
    stream: list[tuple[int, bytes]],
) -> None:
    verify.in_order(stream)
    commits = verify.commits_of(stream)
    for person in people:
        verify.chain(commits[person.did], signing_key(grove, person))
        acknowledged = [rev for w in writers if w.person is person for rev in w.revs]
        announced = [body["rev"] for body in commits[person.did]]
        assert len(announced) == len(set(announced))
        assert set(acknowledged) <= set(announced)
