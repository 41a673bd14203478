"""What sign-ins do to everybody else: `python -m bench.sign_ins [--seconds 10] [--reads 400]`.

getRecord at a steady rate, alone, beside 20 sign-ins a second, and beside as many as 64 people who
never stop: latencies of the reads, and how many sign-ins were answered, refused (503), and when.
"""

import argparse
import asyncio
from collections import Counter
from dataclasses import replace

import uvloop

from bench.compare import load
from bench.compare.client import Address, request_bytes
from bench.compare.load import Plan, Timing
from bench.compare.people import Town
from bench.compare.servers import start_grove

PASSWORD = "correct horse battery"
READERS = 8
CALM = Plan(8, per_second=20)  # connections, sign-ins a second
CROWD = Plan(64)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--reads", type=float, default=400.0, help="a second")
    options = parser.parse_args()
    server = start_grove(None)
    try:
        uvloop.run(_measure(Town(server), options.seconds, options.reads))
    finally:
        server.stop()


async def _measure(town: Town, seconds: float, reads: float) -> None:
    people = [await town.newcomer(password=PASSWORD) for _ in range(20)]
    await town.fill(people[0], 1)
    (rkey,) = people[0].rkeys
    wish = {"repo": people[0].did, "collection": "app.bsky.feed.post", "rkey": rkey}
    read = request_bytes(town.address, "com.atproto.repo.getRecord", wish)
    handles = [person.handle for person in people]
    print("| beside | getRecord p50, p99, longest | sign-ins answered, refused | p50, longest |")
    print("|---|---|---|---|")
    reading = Plan(READERS, seconds, per_second=reads)
    await _reads(town.address, read, Plan(READERS, 1.0, per_second=reads))
    alone = await _reads(town.address, read, reading)
    print(f"| nothing | {_latencies(alone)} | | |")
    for name, each in (("20 sign-ins a second", CALM), ("64 people who never stop", CROWD)):
        plan = replace(each, seconds=seconds)
        timing, (sign_ins, statuses) = await asyncio.gather(
            _reads(town.address, read, reading), _sign_ins(town.address, handles, plan)
        )
        answers = f"{statuses[200] / seconds:.1f}/s, {statuses[503] / seconds:.1f}/s"
        longest = f"{sign_ins.percentile_ms(0.5):.0f}, {sign_ins.percentile_ms(1):.0f} ms"
        print(f"| {name} | {_latencies(timing)} | {answers} | {longest} |", flush=True)


async def _reads(address: Address, request: bytes, plan: Plan) -> Timing:
    return await load.run(
        address, plan, lambda _worker, _number: (request, None), lambda status, *_: status == 200
    )


async def _sign_ins(
    address: Address, handles: list[str], plan: Plan
) -> tuple[Timing, Counter[int]]:
    statuses: Counter[int] = Counter()
    requests = [
        request_bytes(
            address,
            "com.atproto.server.createSession",
            body={"identifier": handle, "password": PASSWORD},
        )
        for handle in handles
    ]

    def is_right(status: int, _body: bytes, _expected: object) -> bool:
        statuses[status] += 1
        return status in (200, 503)

    def make(worker: int, number: int) -> tuple[bytes, object]:
        return requests[(worker * 7 + number) % len(requests)], None

    return await load.run(address, plan, make, is_right), statuses


def _latencies(timing: Timing) -> str:
    shares = (timing.percentile_ms(share) for share in (0.5, 0.99, 1))
    return ", ".join(f"{each:.1f}" for each in shares) + " ms"


if __name__ == "__main__":
    main()
