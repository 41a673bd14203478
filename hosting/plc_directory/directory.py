"""PLC directory: takes operations, tells a DID's log, exports everything.

The rules are `protocol.did.plc`'s. This module adds what a directory adds: its clock, its limits,
and the order among all DIDs. Source: the did:plc specification and the public directory's code.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import cast

from django.conf import settings
from django.db import connection, transaction

from hosting.plc_directory.limits import check_rate
from hosting.plc_directory.models import Operation
from protocol.did import plc
from protocol.errors import XrpcError

MAX_EXPORT = 1000

_MILLISECOND = timedelta(milliseconds=1)

# The first half of our advisory locks' keys, so that they meet nobody else's.
_DID_LOCKS = 0x706C6301
_ORDER_LOCK = 0x706C6302


class NotRegistered(XrpcError):
    """404: the directory has never heard of this DID."""

    status = 404

    def __init__(self, did: str) -> None:
        super().__init__(f"DID not registered: {did}")


class NotAvailable(XrpcError):
    """404: the DID's last operation is a tombstone."""

    status = 404

    def __init__(self, did: str) -> None:
        super().__init__(f"DID not available: {did}")


def append(did: str, proposed: object, now: datetime | None = None) -> None:
    """Take a proposed operation into a DID's log, at the clock's time unless told another.

    Of two operations that race for one predecessor the first wins and the other is judged against
    the log with the first in it. Raises PlcError, TooManyOperations.
    """
    op = plc.assure_valid(proposed)
    with transaction.atomic():
        _lock(_DID_LOCKS, did)
        log = log_of(did)
        created_at = _next_time(log, now or datetime.now(UTC))
        nullified = plc.check_next(log, op, created_at)
        if settings.RATE_LIMITS and not nullified:
            check_rate(log, created_at)
        _store(did, op, nullified, created_at)


def log_of(did: str) -> plc.Log:
    """A DID's log with its nullified operations; empty when the DID is not registered."""
    return plc.Log(did, [_entry(row) for row in Operation.objects.about(did)])


def registered_log(did: str) -> plc.Log:
    """The same, but raises NotRegistered instead of being empty."""
    log = log_of(did)
    if not log.entries:
        raise NotRegistered(did)
    return log


def last_operation(did: str) -> plc.Operation:
    """The operation that says what the DID is now. Raises NotRegistered."""
    last = Operation.objects.about(did).not_nullified().last()
    if last is None:
        raise NotRegistered(did)
    return cast("plc.Operation", last.operation)


def current_data(did: str) -> plc.PlcData:
    """What the DID is now. Raises NotRegistered, NotAvailable."""
    data = plc.data_of(last_operation(did))
    if data is None:
        raise NotAvailable(did)
    return data


def export_after_seq(seq: int, count: int) -> Iterable[Operation]:
    """The next operations of all DIDs in the order in which they were taken."""
    return Operation.objects.filter(id__gt=seq).order_by("id")[:count]


def export_after_time(time: datetime | None, count: int) -> Iterable[Operation]:
    """The same by time; from the beginning when no time is given."""
    later = Operation.objects.filter(created_at__gt=time) if time else Operation.objects.all()
    return later.order_by("created_at", "id")[:count]


def _entry(row: Operation) -> plc.LogEntry:
    return plc.LogEntry(row.cid, row.operation, row.created_at, row.nullified)


def _next_time(log: plc.Log, now: datetime) -> datetime:
    """`now` in milliseconds, moved on if need be: times within a log always increase."""
    time = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return max(time, log.entries[-1].created_at + _MILLISECOND) if log.entries else time


def _store(did: str, op: plc.Operation, nullified: list[str], created_at: datetime) -> None:
    if nullified:
        Operation.objects.about(did).filter(cid__in=nullified).update(nullified=True)
    # Numbers are given out under one lock held until the commit: a reader that has seen a `seq`
    # never finds a smaller one afterwards.
    _lock(_ORDER_LOCK, "")
    Operation.objects.create(did=did, cid=plc.cid_of(op), operation=op, created_at=created_at)


def _lock(family: int, name: str) -> None:
    """Hold an advisory lock until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [family, name])
