"""`python -m bench.compare.readers PORT COUNT [NSID [replay]]`: subscribers by themselves.

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


async def main(
    port: int, count: int, nsid: str = client.FIREHOSE, *, is_replay: bool = False
) -> None:
    counts = [0] * count

    def reader(number: int) -> Take:
        def take(message: bytes) -> None:
            counts[number] += _COUNTED[nsid] in message[:24]

        return take

    def counter(number: int) -> Take:
        marker, tail = _COUNTED[nsid], b""

        def take(data: bytes) -> None:
            nonlocal tail
            text = tail + data
            counts[number] += text.count(marker)
            tail = text[1 - len(marker) :]

        return take

    at = Address(port)
    if nsid == client.FIREHOSE:
        writers = [await client.subscribe(at, None, reader(n), nsid) for n in range(count)]
    else:  # small frames, many of them: counted by their headers, without taking them apart
        cursor = 0 if is_replay else None
        writers = [await client.subscribe_bytes(at, cursor, counter(n), nsid) for n in range(count)]
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
    port, count, *more = sys.argv[1:]
    uvloop.run(main(int(port), int(count), *more[:1], is_replay="replay" in more))
