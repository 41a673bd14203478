"""Record types that writes are checked by: the bundled ones, else those of the network, compiled.

A process asks the table again after a minute, and compiles again only what has changed; the network
is asked by a worker alone. A record type is used only with all documents that it depends on.
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
from server.cache.eviction import make_room

REMEMBERED_S: Final = 60.0
ABSENCE_S: Final = 5.0
REMEMBERED_MAX: Final = 2_000
MAX_WORK: Final = 8_000_000  # bytes of a record x things in one place of its lexicon: about 0.3 s


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
        """Whether checking a record of that size is in proportion: both are untrusted."""
        return size_bytes * self.width <= MAX_WORK

    def check(self, value: dict[str, Any]) -> None:
        """Check a record as decoded CBOR. Raises LexiconError."""
        self.record_type.check(value)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """What came of these documents (their CIDs), good without a question until `until`."""

    cids: frozenset[bytes]
    known_type: KnownType | None
    until: float


_remembered: dict[str, _Compiled] = {}
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
    if remembered is not None and remembered.until > time.monotonic():
        return remembered.known_type
    found = _from_table(collection, remembered)
    with _lock:
        make_room(_remembered, REMEMBERED_MAX)
        _remembered[collection] = found
    return found.known_type


def forget() -> None:
    """Forget what this process compiled."""
    _remembered.clear()


def _from_table(collection: str, remembered: _Compiled | None) -> _Compiled:
    publications = _with_dependencies(collection)
    cids = frozenset(publication.cid for publication in publications)
    if remembered is not None and remembered.cids == cids:
        known_type = remembered.known_type
    else:
        known_type = compiled_type(collection, [each.document for each in publications])
    pause_s = ABSENCE_S if known_type is None else REMEMBERED_S
    return _Compiled(cids, known_type, time.monotonic() + pause_s)


def compiled_type(collection: str, documents: list[Any]) -> KnownType | None:
    """The record type that these documents define; None where they do not."""
    if not documents:
        return None
    try:
        record_type = lexicon.compile_documents(documents).record(collection)
    except DocumentError:
        return None
    if record_type is None:  # a lexicon, and not a record's
        return None
    return KnownType(record_type, lexicon.width_of(documents))


def _with_dependencies(collection: str) -> list[Publication]:
    """The lexicons by which a record is checked; none while one of them is missing, which is then
    wanted."""
    found: dict[str, Publication] = {}
    asked = [collection]
    is_complete = True
    while asked:
        nsid = asked.pop()
        publication = _known_or_wanted(nsid)
        if publication is None:
            is_complete = False
            continue
        found[nsid] = publication
        asked += lexicon.depends_on(publication.document) - found.keys() - set(asked)
        if len(found) + len(asked) > lexicon.MAX_DOCUMENTS:
            return []
    return list(found.values()) if is_complete else []


def _known_or_wanted(nsid: str) -> Publication | None:
    kept = known.find(nsid)
    if kept is None or kept.is_due:
        known.want(nsid)  # and no wake-up: it could wait for a broker that hangs
    return kept.publication if kept is not None else None
