"""Making and replaying did:plc logs, for the tests of the rules and of the directory."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from protocol.did import plc
from protocol.keys import SigningKey

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def genesis_by(*keys: SigningKey, signer: SigningKey | None = None) -> plc.Operation:
    """A signed first operation with these rotation keys, by the last of them unless told."""
    unsigned = plc.genesis(
        [key.did_key for key in keys], keys[-1].did_key, "alice.test", "https://pds.test"
    )
    return plc.sign(unsigned, signer or keys[-1])


def successor(op: plc.Operation, signer: SigningKey, handle: str = "bob.test") -> plc.Operation:
    """The signed operation after this one that changes the handle."""
    return plc.sign(plc.update(plc.data_of(op).with_handle(handle), plc.cid_of(op)), signer)


def taken(log: plc.Log, op: plc.Operation, at: datetime) -> plc.Log:
    """The log with the operation in it. Raises PlcError when the rules refuse it."""
    nullified = plc.check_next(log, op, at)
    kept = [replace(e, nullified=e.nullified or e.cid in nullified) for e in log.entries]
    return plc.Log(log.did, [*kept, plc.LogEntry(plc.cid_of(op), op, at)])


def log_with(*ops: plc.Operation, at: datetime = NOON) -> plc.Log:
    """The log of a new DID with these operations taken, a second apart."""
    log = plc.Log(plc.did_of(ops[0]))
    for count, op in enumerate(ops):
        log = taken(log, op, at + timedelta(seconds=count))
    return log
