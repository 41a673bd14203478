"""What the protocol package costs: microseconds per call, as a table.

Run `python -m bench.protocol_bench`. Each figure is the median of nine loops, one process, one
thread; figures of a busy machine wander by a third.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import orjson

from protocol import atjson, car, cbor, cid, syntax, tid
from protocol.keys import Curve, SigningKey
from protocol.lexicon import catalog
from protocol.mst import Tree, build

LOOPS = 9
LOOP_SECONDS = 0.02
TREE_SIZES = (1_000, 10_000, 100_000)
INSERTS = 60
START_US = 1_700_000_000_000_000

_AT_URI = "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3ke6kg3wk222b"
_RECORD_CID = cid.of_dag_cbor(b"\xa0")
_STRONG_REF = {"uri": _AT_URI, "cid": cid.to_text(_RECORD_CID)}
_IMAGE = {
    "$type": "blob",
    "ref": {"$link": cid.to_text(cid.of_raw(b"image"))},
    "mimeType": "image/jpeg",
    "size": 123_456,
}
POST = {
    "$type": "app.bsky.feed.post",
    "text": "A reply of ordinary length with a link, https://example.com, and a picture. " * 2,
    "createdAt": "2024-01-01T00:00:00.000Z",
    "langs": ["en"],
    "reply": {"root": _STRONG_REF, "parent": _STRONG_REF},
    "facets": [
        {
            "index": {"byteStart": 44, "byteEnd": 63},
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://example.com"}],
        }
    ],
    "embed": {"$type": "app.bsky.embed.images", "images": [{"alt": "hills", "image": _IMAGE}]},
}


def microseconds(call: Callable[[], object]) -> float:
    """Median time of one call over several loops that each last about LOOP_SECONDS."""
    call()  # compiles, fills caches
    started = time.perf_counter()
    call()
    count = max(1, int(LOOP_SECONDS / (time.perf_counter() - started + 1e-7)))
    loops = []
    for _ in range(LOOPS):
        started = time.perf_counter()
        for _ in range(count):
            call()
        loops.append((time.perf_counter() - started) / count)
    return statistics.median(loops) * 1e6


def codecs() -> Mapping[str, Callable[[], object]]:
    """A post with a reply, a facet and an image, in each of its forms."""
    block = atjson.to_cbor(POST)
    value = cbor.decode(block)
    body = orjson.dumps(POST)
    name = cid.of_dag_cbor(block)
    text = cid.to_text(name)
    print(f"post: {len(body)} bytes of JSON, {len(block)} bytes of CBOR")
    return {
        "cbor.encode (checked)": partial(cbor.encode, value),
        "cbor.decode (strict)": partial(cbor.decode, block),
        "atjson.to_cbor": partial(atjson.to_cbor, POST),
        "atjson.from_cbor": partial(atjson.from_cbor, block),
        "cid.of_dag_cbor": partial(cid.of_dag_cbor, block),
        "cid.to_text": partial(cid.to_text, name),
        "cid.from_text": partial(cid.from_text, text),
        "tid.encode": partial(tid.encode, START_US, 7),
        "syntax.is_at_uri": partial(syntax.is_at_uri, _AT_URI),
        "car.frame": partial(car.frame, name, block),
        "car.read, per block": partial(car.read, car.write(name, [(name, block)])),
        "lexicon: check a post": partial(_post_type().check, value),
    }


def _post_type() -> Any:
    record_type = catalog().record("app.bsky.feed.post")
    if record_type is None:
        raise LookupError("the catalog has no app.bsky.feed.post")
    return record_type


def signatures(curve: Curve) -> Mapping[str, Callable[[], object]]:
    """An unsigned commit is about 180 bytes long."""
    key = SigningKey.generate(curve)
    message = bytes(180)
    signature = key.sign(message)
    return {
        f"sign {curve}": partial(key.sign, message),
        f"verify {curve}": partial(key.public.verify, message, signature),
    }


def cold_insert(size: int) -> float:
    """Median time to open a tree of this size with nothing cached, insert a record, commit."""
    key = "app.bsky.feed.post/{}".format
    items = [(key(tid.encode(START_US + n * 1000, 0)).encode(), _RECORD_CID) for n in range(size)]
    root, blocks = build(items)
    times = []
    for number in range(INSERTS):
        middle = START_US + (number * size // INSERTS) * 1000 + 500
        path = key(tid.encode(middle, 0)).encode()
        started = time.perf_counter()
        tree = Tree(root, blocks)
        tree.put(path, _RECORD_CID)
        tree.commit()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e6


def main() -> None:
    """Print the table."""
    for name, call in {**codecs(), **signatures("k256"), **signatures("p256")}.items():
        print(f"{name:<32}{microseconds(call):>10.2f} us")
    for size in TREE_SIZES:
        print(f"{f'mst: cold insert at {size:,}':<32}{cold_insert(size):>10.2f} us")


if __name__ == "__main__":
    main()
