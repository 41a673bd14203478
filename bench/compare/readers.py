"""`python -m bench.compare.readers PORT COUNT`: a firehose's subscribers, a process of their own.

Prints `ready` when all are in, reads from its input how many commits to wait for, and prints as
JSON how many each of them got.
"""

import asyncio
import json
import sys

import uvloop

from bench.compare import client
from bench.compare.client import Address, Take

LATE_S = 60.0
_COMMIT = b"g#commit"  # the header's `t` as CBOR has it


async def main(port: int, count: int) -> None:
    counts = [0] * count

    def reader(number: int) -> Take:
        def take(message: bytes) -> None:
            counts[number] += _COMMIT in message[:24]

        return take

    writers = [await client.subscribe(Address(port), None, reader(n)) for n in range(count)]
    print("ready", flush=True)
    expected = int(await asyncio.to_thread(sys.stdin.readline))
    for _ in range(int(LATE_S / 0.005)):
        if min(counts) >= expected:
            break
        await asyncio.sleep(0.005)
    for writer in writers:
        writer.close()
    print(json.dumps(counts))


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
