"""`python -m bench.compare.readers PORT COUNT [NSID]`: subscribers of a stream, by themselves.

Prints `ready` when all are in, reads from its input how many commits (labels, of the stream of
labels) to wait for, and prints as JSON how many each of them got.
"""

import asyncio
import json
import sys

import uvloop

from bench.compare import client
from bench.compare.client import Address, Take

LATE_S = 60.0
# The header's `t` as CBOR has it
_COUNTED = {client.FIREHOSE: b"g#commit", "com.atproto.label.subscribeLabels": b"g#labels"}


async def main(port: int, count: int, nsid: str = client.FIREHOSE) -> None:
    counts = [0] * count

    def reader(number: int) -> Take:
        def take(message: bytes) -> None:
            counts[number] += _COUNTED[nsid] in message[:24]

        return take

    at = Address(port)
    writers = [await client.subscribe(at, None, reader(n), nsid) for n in range(count)]
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
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]))
