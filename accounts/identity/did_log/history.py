"""What each operation of a did:plc changed, who signed it, and who may still undo it.

Source: the did:plc method specification, "Key Rotation & Account Recovery": for 72 hours a rotation
key that ranks above the signer's may put another operation in the place of one, and so of all that
follow it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from protocol.did import plc
from protocol.did.plc import InvalidSignature, LogEntry, PlcData
from protocol.did.plc_data import PDS_SERVICE, SIGNING_METHOD

_AT = "at://"


class Kind(StrEnum):
    """What may change, in the order in which it is told."""

    CREATED = "created"
    ENDED = "ended"
    HOST = "host"
    HANDLE = "handle"
    KEY_ADDED = "key_added"
    KEY_REMOVED = "key_removed"
    KEYS_REORDERED = "keys_reordered"
    SIGNING_KEY = "signing_key"
    OTHER = "other"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Change:
    """One thing that became another; what there was not is empty."""

    kind: Kind
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class PastOperation:
    """One operation of a log. `signer` is a did:key; empty: its predecessor is not kept any more.
    `undo_keys` are the did:keys that may undo it, which they may until `undoable_until`."""

    entry: LogEntry
    changes: tuple[Change, ...]
    signer: str = ""
    undo_keys: tuple[str, ...] = ()
    undoable_until: datetime | None = None


def told(entries: Sequence[LogEntry], now: datetime, most: int) -> list[PastOperation]:
    """The latest operations of a verified log (oldest first), newest first."""
    by_cid = {entry.cid: entry for entry in entries}
    latest = entries[: -most - 1 : -1]
    return [_past(entry, by_cid.get(entry.operation["prev"]), now) for entry in latest]


def changes_between(before: PlcData, after: PlcData) -> tuple[Change, ...]:
    """What is another afterwards; a single Change of kind NOTHING when all is the same."""
    return tuple(_changes(before, after)) or (Change(Kind.NOTHING),)


def host_of(data: PlcData) -> str:
    """The address of the PDS that a DID names, or nothing."""
    service = data.services.get(PDS_SERVICE)
    return service.endpoint if service is not None else ""


def handle_of(data: PlcData) -> str:
    """The handle that a DID lists, or nothing."""
    names = [name for name in data.also_known_as if name.startswith(_AT)]
    return names[0].removeprefix(_AT) if names else ""


def _past(entry: LogEntry, before: LogEntry | None, now: datetime) -> PastOperation:
    data = plc.data_of(entry.operation)
    is_first = entry.operation["prev"] is None
    authority = data if is_first else plc.data_of(before.operation) if before is not None else None
    changes = _changes_of(data, authority, is_first=is_first)
    if authority is None:
        return PastOperation(entry, changes)
    signer = _signer(entry, authority.rotation_keys)
    until = entry.created_at + plc.RECOVERY_WINDOW
    if before is None or entry.nullified or not signer or until <= now:
        return PastOperation(entry, changes, signer)
    above = authority.rotation_keys[: authority.rotation_keys.index(signer)]
    return PastOperation(entry, changes, signer, above, until if above else None)


def _changes_of(
    data: PlcData | None, before: PlcData | None, *, is_first: bool
) -> tuple[Change, ...]:
    """What an operation changed; nothing when its predecessor is not kept any more."""
    if data is None:
        return (Change(Kind.ENDED),)
    if is_first:
        return (Change(Kind.CREATED, host_of(data), handle_of(data)),)
    return changes_between(before, data) if before is not None else ()


def _signer(entry: LogEntry, keys: Sequence[str]) -> str:
    try:
        return plc.signer_of(entry.operation, keys)
    except InvalidSignature:
        return ""


def _changes(before: PlcData, after: PlcData) -> Iterator[Change]:
    for kind, read in ((Kind.HOST, host_of), (Kind.HANDLE, handle_of)):
        if read(before) != read(after):
            yield Change(kind, read(before), read(after))
    yield from _changes_of_keys(before.rotation_keys, after.rotation_keys)
    methods = before.verification_methods, after.verification_methods
    keys = [each.get(SIGNING_METHOD, "") for each in methods]
    if keys[0] != keys[1]:
        yield Change(Kind.SIGNING_KEY, *keys)
    if _others(before) != _others(after):
        yield Change(Kind.OTHER)


def _changes_of_keys(before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    yield from (Change(Kind.KEY_ADDED, after=key) for key in after if key not in before)
    yield from (Change(Kind.KEY_REMOVED, before=key) for key in before if key not in after)
    if [k for k in before if k in after] != [k for k in after if k in before]:
        yield Change(Kind.KEYS_REORDERED)


def _others(data: PlcData) -> PlcData:
    """What no other kind of change is about."""
    handle = _AT + handle_of(data)
    return PlcData(
        rotation_keys=(),
        verification_methods={
            name: key for name, key in data.verification_methods.items() if name != SIGNING_METHOD
        },
        also_known_as=tuple(name for name in data.also_known_as if name != handle),
        services={name: each for name, each in data.services.items() if name != PDS_SERVICE},
    )
