"""Encodings of event streams: CBOR frames, or JSON text for readers that asked for it.

Source: proposal 0015 (bluesky-social/proposals), "Negotiation": the reader offers subprotocols in
the order it likes them, the first that we know is echoed; without one the stream is CBOR.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from protocol.event_stream import json_frames

CBOR: Final = "xrpc.v0.cbor"
JSON: Final = "xrpc.v1.json"
KEPT_BYTES: Final = 8 * 1_048_576


def choose(offered: Sequence[str]) -> str | None:
    """The subprotocol to echo, or None for the default without a word."""
    return next((each for each in offered if each in {CBOR, JSON}), None)


@dataclass
class Texts:
    """JSON texts of a process's newest frames, each written once whoever asks, oldest forgotten.

    Frames are the ring's own objects, shared by all readers, so finding one again costs a hash
    that Python remembers. Where no reader wants JSON nothing is ever written.
    """

    kept_bytes: int = KEPT_BYTES
    texts: OrderedDict[tuple[str, bytes], bytes] = field(default_factory=OrderedDict)
    _size: int = 0

    def of(self, nsid: str, frame: bytes) -> bytes:
        """The frame as text (UTF-8), in the words of the stream `nsid`."""
        key = nsid, frame
        if (text := self.texts.get(key)) is None:
            text = self.texts[key] = json_frames.from_frame(nsid, frame)
            self._size += len(frame) + len(text)
            while self._size > self.kept_bytes:
                (_, oldest), gone = self.texts.popitem(last=False)
                self._size -= len(oldest) + len(gone)
        return text


texts = Texts()
