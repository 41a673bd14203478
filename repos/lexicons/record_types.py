"""Which record types a write is checked by: the bundled ones, else those of the network, compiled.

A process remembers what it compiled for a few minutes and asks the table again then; the network is
asked by a worker alone. A record type is used only with all documents that it leans on.
"""

import threading
import time
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from protocol import lexicon
from protocol.lexicon import DocumentError, RecordType
from repos.lexicons import known
from repos.lexicons.publications import Publication

REMEMBERED_S: Final = 60.0
ABSENCE_S: Final = 5.0
REMEMBERED_MAX: Final = 2_000
MAX_WORK: Final = 20_000_000  # bytes of a record x things in one place of its lexicon: about 0.3 s


@dataclass(frozen=True, slots=True)
class KnownType:
    """A record type, and the most things its lexicon has in one place (0: bundled, trusted)."""

    record_type: RecordType
    width: int = 0

    @property
    def literal_rkey(self) -> str | None:
        """The only key that a record may have; None where it may have others."""
        key = self.record_type.key
        return key.removeprefix("literal:") if key.startswith("literal:") else None

    def can_check(self, size_bytes: int) -> bool:
        """Whether checking a record of that size is in proportion: a stranger wrote both."""
        return size_bytes * self.width <= MAX_WORK

    def check(self, value: dict[str, Any]) -> None:
        """Check a record as decoded CBOR. Raises LexiconError."""
        self.record_type.check(value)


_remembered: dict[str, tuple[float, KnownType | None]] = {}
_lock = threading.Lock()


def find(collection: str) -> KnownType | None:
    """The record type of a collection; None while none is known. Never waits for the network, and
    must not be called within a transaction that may be rolled back."""
    bundled = lexicon.catalog().record(collection)
    if bundled is not None:
        return KnownType(bundled)
    if not settings.LEXICON_RESOLUTION or lexicon.catalog().document(collection) is not None:
        return None
    remembered = _remembered.get(collection)
    if remembered is not None and remembered[0] > time.monotonic():
        return remembered[1]
    found = _from_table(collection)
    until = time.monotonic() + (REMEMBERED_S if found else ABSENCE_S)
    with _lock:
        if len(_remembered) >= REMEMBERED_MAX:
            _remembered.clear()
        _remembered[collection] = (until, found)
    return found


def forget() -> None:
    """Forget what this process compiled."""
    _remembered.clear()


def _from_table(collection: str) -> KnownType | None:
    documents = _with_dependencies(collection)
    if documents is None:
        return None
    try:
        record_type = lexicon.compile_documents(documents).record(collection)
    except DocumentError:
        return None
    if record_type is None:  # a lexicon, and not a record's
        return None
    return KnownType(record_type, lexicon.width_of(documents))


def _with_dependencies(collection: str) -> list[Any] | None:
    """The documents by which a record is checked; None while one is missing, which is then
    wanted."""
    found: dict[str, Any] = {}
    asked = [collection]
    is_complete = True
    while asked:
        nsid = asked.pop()
        publication = _known_or_wanted(nsid)
        if publication is None:
            is_complete = False
            continue
        found[nsid] = publication.document
        asked += lexicon.leans_on(publication.document) - found.keys() - set(asked)
        if len(found) + len(asked) > lexicon.MAX_DOCUMENTS:
            return None
    return list(found.values()) if is_complete else None


def _known_or_wanted(nsid: str) -> Publication | None:
    kept = known.find(nsid)
    if kept is None or kept.is_due:
        known.want(nsid)  # and no wake-up: it could wait for a broker that hangs
    return kept.publication if kept is not None else None
