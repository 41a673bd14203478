"""The firehose: many readers at once, one quiet reader, and an old log read again.

Readers of the busy stream are a process of their own (bench.compare.readers), so that the load and
the reading do not slow each other down.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable

from bench.compare import client, load
from bench.compare.client import Address, WrongAnswer
from bench.compare.load import Plan
from bench.compare.people import Person, Town, post_request, rkeys_in
from bench.compare.scenarios import Outcome, metered, scenario
from protocol.event_stream import frames

READERS = 200
REPLAYED = 5_000
QUIET_PER_S = 40.0
LATE_S = 30.0


@scenario(floor=5)
async def firehose_200(town: Town, seconds: float) -> Outcome:
    """200 subscribers while 8 writers post; every subscriber gets every commit. In deliveries."""
    people = await town.crowd(50, 100)
    readers = await _start_readers(town.address, READERS)
    written = 0

    def make(worker: int, number: int) -> tuple[bytes, object]:
        person = people[(worker + number * 8) % len(people)]
        return post_request(town.address, person), person

    def is_right(status: int, body: bytes, expected: object) -> bool:
        nonlocal written
        written += 1
        return status == 200 and _note(body, expected)

    with metered(town.server) as cost:
        begun = time.perf_counter()
        await load.run(town.address, Plan(8, seconds), make, is_right)
        delivered = await _counted(readers, written)
        elapsed_s = time.perf_counter() - begun
    if delivered != [written] * READERS:
        raise WrongAnswer(f"{written} commits, deliveries {min(delivered)}..{max(delivered)}")
    return Outcome(written * READERS / elapsed_s, "deliveries/s", cost=cost, pieces=written)


@scenario(is_lower_better=True)
async def firehose_quiet(town: Town, seconds: float) -> Outcome:
    """One subscriber, 40 writes a second: milliseconds from a write's answer to its frame."""
    people = await town.crowd(50, 100)
    answered: dict[str, float] = {}
    arrived: dict[str, float] = {}

    def take(message: bytes) -> None:
        now = time.perf_counter()
        for op in frames.parse(message)[1].get("ops", ()):
            arrived[op["path"].rpartition("/")[2]] = now

    def make(worker: int, number: int) -> tuple[bytes, object]:
        person = people[(worker * 7 + number) % len(people)]
        return post_request(town.address, person), person

    def is_right(status: int, body: bytes, expected: object) -> bool:
        answered[rkeys_in(body)[0]] = time.perf_counter()
        return status == 200 and _note(body, expected)

    writer = await client.subscribe(town.address, None, take)
    with metered(town.server) as cost:
        await load.run(town.address, Plan(4, seconds, per_second=QUIET_PER_S), make, is_right)
        await _until(lambda: answered.keys() <= arrived.keys())
    writer.close()
    late_ms = sorted((arrived[rkey] - at) * 1000 for rkey, at in answered.items())
    p50_ms, p99_ms = late_ms[len(late_ms) // 2], late_ms[len(late_ms) * 99 // 100]
    return Outcome(p50_ms, "ms", p50_ms, p99_ms, cost, len(answered))


@scenario(floor=3)
async def replay(town: Town, _seconds: float) -> Outcome:
    """An old cursor: how fast one subscriber gets 5,000 commits of one record each."""
    person = await town.newcomer()
    if town.replay_from is None:
        town.replay_from = await _log_of(town, person)
    last = (await _post(town, person)).encode()
    count = 0
    done = asyncio.Event()

    def take(message: bytes) -> None:
        nonlocal count
        count += 1
        if last in message:
            done.set()

    with metered(town.server) as cost:
        begun = time.perf_counter()
        writer = await client.subscribe(town.address, town.replay_from, take)
        async with asyncio.timeout(client.TIMEOUT_S):
            await done.wait()
        elapsed_s = time.perf_counter() - begun
    writer.close()
    if count < REPLAYED:
        raise WrongAnswer(f"{count} events of at least {REPLAYED}")
    return Outcome(count / elapsed_s, "events/s", cost=cost, pieces=count)


async def _log_of(town: Town, person: Person) -> int:
    """Write what is to be replayed; the `seq` from which on."""
    first = asyncio.get_running_loop().create_future()

    def take(message: bytes) -> None:
        if not first.done():
            first.set_result(frames.parse(message)[1]["seq"])

    writer = await client.subscribe(town.address, None, take)
    await _post(town, person)
    async with asyncio.timeout(LATE_S):
        seq: int = await first
    writer.close()
    people = await town.crowd(50, 100)

    def make(worker: int, number: int) -> tuple[bytes, object]:
        return post_request(town.address, people[(worker + number * 8) % len(people)]), None

    def is_right(status: int, _body: bytes, _expected: object) -> bool:
        return status == 200

    await load.run(town.address, Plan(8, count=REPLAYED), make, is_right)
    return seq


async def _post(town: Town, person: Person) -> str:
    connection = await client.connect(town.address)
    status, body = await connection.exchange(post_request(town.address, person))
    connection.close()
    if status != 200:
        raise WrongAnswer(f"createRecord: {status} {body[:200]!r}")
    return rkeys_in(body)[0]


def _note(body: bytes, person: object) -> bool:
    """Remember an acknowledged record."""
    rkeys = rkeys_in(body)
    if isinstance(person, Person):
        person.rkeys += rkeys
    return len(rkeys) == 1


async def _start_readers(address: Address, count: int) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bench.compare.readers", str(address.port), str(count)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    if process.stdout is None or (await process.stdout.readline()) != b"ready\n":
        raise WrongAnswer("the subscribers did not get in")
    return process


async def _counted(readers: asyncio.subprocess.Process, expected: int) -> list[int]:
    """Tell the readers how many commits to wait for; how many each got."""
    output, _ = await readers.communicate(f"{expected}\n".encode())
    counts: list[int] = json.loads(output)
    return counts


async def _until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(LATE_S):
        while not is_true():
            await asyncio.sleep(0.005)
