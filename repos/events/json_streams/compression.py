"""zstd of JSON streams, with a dictionary of our own that subscribers fetch by its id.

A message is too small to shrink much by itself; with a dictionary of what such messages have in
common it becomes about two fifths. bench/json_dictionary.py makes it, and docs/decisions/0055 says
why it is ours. Source: lexicon network.bsky.jetstream.getZstdDictionary; RFC 8878 section 5.
"""

from collections import OrderedDict
from functools import cache
from pathlib import Path
from typing import Final

import zstandard

from protocol.errors import XrpcError
from repos.events.json_streams.filters import Query

LEVEL: Final = 1
KEPT_BYTES: Final = 4 * 1_048_576
_FILE: Final = Path(__file__).with_name("dictionary.zstd")

_kept: OrderedDict[bytes, bytes] = OrderedDict()
_size = 0


class UnknownZstdDictionary(XrpcError):
    """The dictionary is not the one that we compress with; the message has the id."""

    name = "UnknownZstdDictionary"


@cache
def dictionary() -> zstandard.ZstdCompressionDict:
    """The dictionary: `as_bytes()` is what subscribers need, `dict_id()` its id."""
    return zstandard.ZstdCompressionDict(_FILE.read_bytes())


def is_wanted(query: Query) -> bool:
    """Whether a subscriber asks for zstd, by the id of the dictionary that it has. Raises
    UnknownZstdDictionary for another one, and for version 1's `compress` without any: it would be
    given what it cannot read."""
    asked = query.get("zstdDictionary", ("",))[0]
    if not asked and query.get("compress", ("",))[0] != "true":
        return False
    ours = dictionary().dict_id()
    if asked != str(ours):
        raise UnknownZstdDictionary(
            f"Fetch the dictionary {ours} from /xrpc/network.bsky.jetstream.getZstdDictionary and "
            f"connect with zstdDictionary={ours}."
        )
    return True


def compressed(text: bytes) -> bytes:
    """A text as one zstd frame. The newest are kept: many subscribers want the same."""
    global _size  # noqa: PLW0603 - beside the cache whose size it is
    found = _kept.get(text)
    if found is None:
        found = _kept[text] = _compressor().compress(text)
        _size += len(text) + len(found)
        while _size > KEPT_BYTES:
            oldest, gone = _kept.popitem(last=False)
            _size -= len(oldest) + len(gone)
    return found


@cache
def _compressor() -> zstandard.ZstdCompressor:
    """Of the event loop's thread alone; precomputed, so that a message costs microseconds."""
    made = dictionary()
    made.precompute_compress(level=LEVEL)
    return zstandard.ZstdCompressor(level=LEVEL, dict_data=made)
