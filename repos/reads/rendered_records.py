"""A cache of records rendered as JSON, by CID: to render one again costs six times as much.

A CID names its bytes for ever, so nothing here goes stale, and whoever asks has read which records
to show already: what may be shown, and to whom, was decided there. One cache a process, shared by
its threads and bounded by bytes; what came first goes first.
"""

import threading
from collections import OrderedDict
from typing import Final

from protocol import atjson, cid

MAX_BYTES: Final = 8 * 1_048_576
MAX_TEXT_BYTES: Final = 16_384  # a few long texts must not drive out thousands
_OVERHEAD_BYTES: Final = 300  # what an entry takes beside its text


class RenderedRecords:
    """`"cid":"...","value":{...}` of records, as UTF-8."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._texts: OrderedDict[bytes, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()  # for changes; looking up needs none

    def known(self, record_cid: bytes) -> bytes | None:
        """What `members` gives for this record, when it is at hand."""
        return self._texts.get(record_cid)

    def members(self, record_cid: bytes, data: bytes) -> bytes:
        """The two members of an object that shows this record. Raises atjson.DataModelError."""
        name = cid.to_text(record_cid).encode()
        text = b'"cid":"%b","value":%b' % (name, atjson.from_cbor(data))
        self._keep(record_cid, text)
        return text

    def _keep(self, record_cid: bytes, text: bytes) -> None:
        if len(text) > MAX_TEXT_BYTES:
            return
        with self._lock:
            if record_cid in self._texts:  # another thread was quicker
                return
            self._texts[record_cid] = text
            self._bytes += len(text) + _OVERHEAD_BYTES
            while self._bytes > self._max_bytes:
                _, dropped = self._texts.popitem(last=False)
                self._bytes -= len(dropped) + _OVERHEAD_BYTES
