"""Lexicon resolution: from the table while it is fresh, else from the network, and noted there.

`resolve` is for somebody who waits; `resolve_wanted` is the worker's, one at a time for the whole
platform, so that slow name servers of untrusted NSIDs hold up one thread and nothing else.
"""

from typing import Final

from django.conf import settings

from repos.lexicons import known
from repos.lexicons.publications import (
    AuthorityUnavailable,
    LexiconNotFound,
    Publication,
    fetch,
    find_authority,
)
from server.cache.shared import SharedCache
from server.cache.single_flight import SingleFlight
from server.database import connection

_BATCH: Final = 20
_LOCK: Final = 0x6C657869  # pg_try_advisory_lock: "lexi"
REFUSALS = SharedCache(
    "lexicon"
)  # answers to those who only look; no rows for anybody's inventions
_single_flight: SingleFlight[Publication] = SingleFlight()


def resolve(nsid: str) -> Publication:
    """The lexicon of an NSID, asking the network if need be. Raises LexiconNotFound,
    AuthorityUnavailable."""
    kept = known.find(nsid)
    if kept is not None and kept.publication is not None and not kept.is_due:
        return kept.publication
    try:
        return renew(nsid)
    except AuthorityUnavailable:
        if kept is not None and kept.publication is not None:
            return kept.publication
        raise


def renew(nsid: str) -> Publication:
    """The lexicon as the network has it now, whatever is kept; a refusal is remembered for some
    minutes. Raises LexiconNotFound, AuthorityUnavailable."""
    refusal = REFUSALS.get(nsid)
    if refusal is not None:
        raise LexiconNotFound(refusal.value)
    try:
        return _single_flight.run(nsid, lambda: _asked(nsid))
    except LexiconNotFound as refused:
        pause_s = known.TIMEOUT_PAUSE.total_seconds()
        REFUSALS.put(nsid, refused.message, fresh_s=pause_s, keep_s=pause_s)
        raise


def resolve_wanted() -> None:
    """Resolve what is wanted, unless somebody is at it already. Safe to run twice."""
    if not settings.LEXICON_RESOLUTION:
        return
    locked = connection.row("SELECT pg_try_advisory_lock(%s)", (_LOCK,))
    if not locked or not locked[0]:
        return
    try:
        for nsid in known.wanted(_BATCH):
            _try(nsid)
    finally:
        connection.row("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def _try(nsid: str) -> None:
    try:
        _asked(nsid)
    except LexiconNotFound as refusal:
        known.note_failure(nsid, refusal.message, known.REFUSAL)
    except AuthorityUnavailable as timeout:
        known.note_failure(nsid, timeout.message, known.TIMEOUT_PAUSE)


def _asked(nsid: str) -> Publication:
    """The lexicon as the network has it at this moment, noted in the table."""
    did = find_authority(nsid)
    trusted = known.authority(nsid)
    if trusted and did != trusted:
        known.note_claim(nsid, did)
        raise LexiconNotFound(f"The domain of {nsid} names another DID than it did before")
    found = fetch(nsid, did)
    known.keep(found)
    return found
