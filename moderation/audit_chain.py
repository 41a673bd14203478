"""The audit log of a tenant as a chain: proved entry by entry, and written out as JSON lines.

The database chains entries (moderation/sql/audit_entry_is_chained.sql); here the hashes are taken
again, from the rows alone. Who rules the database can write a whole new chain: against that, keep
the number and hash that a proof ends with, or an export, where they cannot reach it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import orjson

from hosting.models import Tenant
from moderation.models import AuditChain, AuditEntry, AuditLink

PAGE_ROWS: Final = 1000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# In the order in which they are hashed.
_COLUMNS: Final = (
    "id", "host_id", "staff_id", "actor", "action", "stage", "subject_did", "subject_handle",
    "subject_cid", "subject_record", "ref", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """One place in a chain: its number, and the hash of everything up to it."""

    number: int
    hash: bytes


@dataclass(frozen=True)
class Proof:
    """The last place that holds and, of a broken chain, what is wrong right after it."""

    last: Place
    fault: str = ""


def verify(tenant: Tenant, kept: Place | None = None) -> Proof:
    """Go through a tenant's whole log. `kept` is a place that somebody wrote down at an earlier
    proof: it has to be in the chain still."""
    end = AuditChain.objects.filter(tenant=tenant).first()
    place = Place(0, b"")
    for link in _links(tenant, 0):
        if fault := _fault(link, place):
            return Proof(place, fault)
        place = Place(link.number, bytes(link.hash))
        if kept is not None and kept.number == place.number and kept.hash != place.hash:
            return Proof(
                place, f"number {place.number} is not what it was when it was written down"
            )
        if end is not None and end.number == place.number and bytes(end.hash) != place.hash:
            return Proof(place, f"number {place.number} is not the end that the chain has")
    return Proof(
        place, _missing(tenant, place, max(end.number if end else 0, kept.number if kept else 0))
    )


def _fault(link: AuditLink, before: Place) -> str:
    if link.number != before.number + 1:
        return f"number {before.number + 1} is missing"
    if entry_hash(link.entry, link.number, before.hash) != bytes(link.hash):
        return f"entry {link.entry_id}, number {link.number}, was changed"
    return ""


def _missing(tenant: Tenant, last: Place, end_number: int) -> str:
    """What is wrong behind the last link; empty: nothing."""
    if last.number < end_number:
        return f"number {last.number + 1} is missing"
    loose = AuditEntry.objects.filter(host__tenant=tenant, link=None).order_by("id").first()
    return f"entry {loose.pk} is not in the chain" if loose else ""


def entry_hash(entry: AuditEntry, number: int, before: bytes) -> bytes:
    """What the link of an entry has to be: columns with their lengths in bytes, as in the SQL."""
    at_us = (entry.created_at - _EPOCH) // timedelta(microseconds=1)
    values = [number, *(getattr(entry, name) for name in _COLUMNS), at_us]
    texts = [("" if value is None else str(value)).encode() for value in values]
    return sha256(before + b"".join(b"%d:%b" % (len(text), text) for text in texts)).digest()


def json_lines(tenant: Tenant, after: int = 0) -> Iterator[bytes]:
    """The log of a tenant as JSON lines, from the number after `after` on: some lines at a time."""
    lines = []
    for link in _links(tenant, after):
        lines.append(orjson.dumps(_readable(link), option=orjson.OPT_APPEND_NEWLINE))
        if len(lines) == PAGE_ROWS:
            yield b"".join(lines)
            lines = []
    yield b"".join(lines)


def _readable(link: AuditLink) -> dict[str, Any]:
    entry = link.entry
    columns = {name: getattr(entry, name) for name in _COLUMNS}
    return {
        "number": link.number,
        **columns,
        "created_at": entry.created_at,
        "host": entry.host.hostname,
        "staff": str(entry.staff or ""),
        "hash": bytes(link.hash).hex(),
    }


def _links(tenant: Tenant, after: int) -> Iterator[AuditLink]:
    """A page at a time: no statement lasts as long as its reader."""
    links = AuditLink.objects.filter(tenant=tenant).order_by("number")
    while True:
        page = list(
            links.filter(number__gt=after).select_related("entry__host", "entry__staff")[:PAGE_ROWS]
        )
        yield from page
        if len(page) < PAGE_ROWS:
            return
        after = page[-1].number
