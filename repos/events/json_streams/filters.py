"""What a subscriber wants: collections (also by prefix), DIDs, kinds, and how large at most.

Collections choose among commits alone: that an account is gone or has another handle concerns
whoever keeps any of its records. Source: README of github.com/bluesky-social/jetstream, "Consuming
Jetstream" and "Subscriber Sourced messages"; lexicon network.bsky.jetstream.subscribeEvents.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from protocol import syntax
from protocol.errors import InvalidRequest
from protocol.untrusted_input import bounded_json
from protocol.untrusted_input.limits import InputLimits
from repos.events.json_streams.encoding import COMMIT, EVENTS_NSID, KINDS, Part

MAX_COLLECTIONS: Final = 100
MAX_DIDS: Final = 10_000
_MAX_BYTES: Final = 2**32 - 1
_DIGITS: Final = 11  # one more than _MAX_BYTES has
_UPDATE: Final = "options_update"
_MESSAGE: Final = InputLimits(containers=16, keys=32, values=MAX_DIDS + MAX_COLLECTIONS + 32)

Query = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Filter:
    """Immutable. `collections` and `dids` are None where all are wanted; `max_bytes` 0 is no
    bound."""

    collections: frozenset[bytes] | None = None
    prefixes: tuple[bytes, ...] = ()
    dids: frozenset[bytes] | None = None
    kinds: frozenset[bytes] = frozenset(KINDS)
    max_bytes: int = 0

    def wants(self, part: Part) -> bool:
        """Whether the part is for this subscriber, whatever its size."""
        if part.kind not in self.kinds or (self.dids is not None and part.did not in self.dids):
            return False
        if self.collections is None or part.kind != COMMIT:
            return True
        return part.collection in self.collections or part.collection.startswith(self.prefixes)


def of_query(query: Query) -> Filter:
    """What version 1's parameters say. Raises InvalidRequest."""
    size = query.get("maxMessageSizeBytes", ("",))[0]
    return _filter(
        query.get("wantedCollections", ()),
        query.get("wantedDids", ()),
        # As jetstream takes it; what has more digits is beyond all messages, as those are.
        int(size[:_DIGITS]) if size.isascii() and size.isdigit() else 0,
    )


def of_update(text: str) -> Filter | None:
    """What a subscriber's message asks for from now on; None when it is of a type that nobody
    knows. Raises InvalidRequest."""
    try:
        said = bounded_json.loads(text.encode(), _MESSAGE)
    except ValueError as error:
        raise InvalidRequest(f"The message is not JSON: {error}") from error
    if not isinstance(said, dict) or not isinstance(said.get("type"), str):
        raise InvalidRequest("A message is an object with a type.")
    if said["type"] != _UPDATE:
        return None
    payload = said.get("payload")
    if not isinstance(payload, dict):
        raise InvalidRequest("The payload of options_update is an object.")
    size = payload.get("maxMessageSizeBytes") or 0
    if type(size) is not int:
        raise InvalidRequest("maxMessageSizeBytes is an integer.")
    return _filter(
        _texts(payload, "wantedCollections"), _texts(payload, "wantedDids"), max(0, size)
    )


def of_events_query(query: Query) -> Filter:
    """What version 2's parameters say. Raises InvalidRequest: also for version 1's names, which
    would be a stream of everything where somebody wanted little."""
    if old := [name for name in query if name.startswith("wanted")]:
        raise InvalidRequest(f"{EVENTS_NSID} takes collections and dids in place of {old[0]}.")
    kinds = [kind.encode() for kind in query.get("kinds", ())]
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise InvalidRequest(f"kinds: {unknown[0].decode()[:40]} is no kind of event.")
    collections = query.get("collections", ())
    if collections and kinds and COMMIT not in kinds:
        raise InvalidRequest("collections choose among commits, which kinds leaves out.")
    size = query.get("maxMessageSizeBytes", ("0",))[0]
    is_number = size.isascii() and size.isdigit() and len(size) < _DIGITS
    if not (is_number and int(size) <= _MAX_BYTES):
        raise InvalidRequest("maxMessageSizeBytes is an integer from 0 to 4294967295.")
    return _filter(collections, query.get("dids", ()), int(size), kinds or KINDS)


def _filter(
    collections: Sequence[str],
    dids: Sequence[str],
    max_bytes: int,
    kinds: Collection[bytes] = KINDS,
) -> Filter:
    _refuse_many("collections", set(collections), MAX_COLLECTIONS)
    _refuse_many("DIDs", set(dids), MAX_DIDS)
    prefixes = {name[:-1].encode() for name in collections if name.endswith(".*")}
    exact = {name for name in collections if not name.endswith(".*")}
    for name in exact:
        if not syntax.is_nsid(name):
            raise InvalidRequest(f"Invalid collection: {name[:80]}")
    for did in dids:
        if not syntax.is_did(did):
            raise InvalidRequest(f"Invalid DID: {did[:80]}")
    return Filter(
        frozenset(map(str.encode, exact)) if collections else None,
        tuple(sorted(prefixes)),
        frozenset(map(str.encode, dids)) if dids else None,
        frozenset(kinds),
        max_bytes,
    )


def _texts(payload: Mapping[str, Any], name: str) -> list[str]:
    found = payload.get(name) or []
    if not isinstance(found, list) or not all(type(each) is str for each in found):
        raise InvalidRequest(f"{name} is a list of texts.")
    return found


def _refuse_many(what: str, found: Collection[str], most: int) -> None:
    if len(found) > most:
        raise InvalidRequest(f"Too many {what}: {len(found)} where {most} are taken.")
