"""A did:plc's log from a directory: read, and verified from its first operation on.

Source: the did:plc method specification v0.3.0 ("DID Resolution", "Auditing"). A directory may be
slow, stale or broken into; what it cannot do is sign. So every operation is held against the
rules once more, and whatever it marks as nullified must be what a recovery has put aside.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from protocol.did import plc
from protocol.did.plc import Log, LogEntry, PlcError

MAX_ENTRIES = 2_000  # a directory takes a hundred a week; each costs a signature or two to verify


class UnsoundLog(PlcError):
    """The log is unreadable, or not what its DID's keys have signed."""


def parse(did: str, entries: Sequence[Any]) -> Log:
    """The log in the JSON of `/log/audit`, not verified yet. Raises UnsoundLog."""
    if len(entries) > MAX_ENTRIES:
        raise UnsoundLog(f"more than {MAX_ENTRIES} operations")
    try:
        return Log(did, [_entry(each) for each in entries])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UnsoundLog(f"unreadable: {error}") from error


def verify(log: Log) -> None:
    """Raises UnsoundLog unless each operation could follow those before it, at its time."""
    taken: list[LogEntry] = []
    try:
        for entry in log.entries:
            put_aside = plc.check_next(Log(log.did, taken), entry.operation, entry.created_at)
            if plc.cid_of(entry.operation) != entry.cid:
                raise UnsoundLog(f"not the CID of its operation: {entry.cid}")
            taken = [replace(e, nullified=True) if e.cid in put_aside else e for e in taken]
            taken.append(replace(entry, nullified=False))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnsoundLog(f"unsound: {error}") from error
    if [entry.nullified for entry in taken] != [entry.nullified for entry in log.entries]:
        raise UnsoundLog("other operations are nullified than recoveries have put aside")


def _entry(entry: Any) -> LogEntry:
    created_at = datetime.fromisoformat(entry["createdAt"])
    if created_at.tzinfo is None or not isinstance(entry["nullified"], bool):
        raise UnsoundLog(f"unreadable: {entry['cid']}")
    for moment in (created_at, created_at + plc.RECOVERY_WINDOW):
        moment.astimezone(UTC)  # no calendar goes beyond it, and whoever shows it needs one
    plc.data_of(entry["operation"])  # old forms too: whoever shows it may read what it says
    return LogEntry(str(entry["cid"]), entry["operation"], created_at, entry["nullified"])
