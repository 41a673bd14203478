"""did:plc: signing and hashing operations, and the rules of a DID's log.

Source: the did:plc method specification v0.3.0. A DID's log is a list of signed operations, each
naming its predecessor by CID. Whoever holds a rotation key of the predecessor may add the next one;
for 72 hours a key that stands higher in that list may put another in its place ("recovery").

Operations cross it in their JSON form, because the hash covers exactly those fields; what
they say about a DID crosses it as `PlcData` (`plc_data`). One operation's shape and sizes:
`plc_operation`. Callers import all of it from here.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from protocol import cbor, cid
from protocol.did.plc_data import PlcData, Service, data_of, genesis, normalize, tombstone, update
from protocol.did.plc_operation import ImproperOperation, Operation, PlcError, assure_valid
from protocol.keys import PublicKey, SigningKey

__all__ = [
    "GenesisMismatch",
    "ImproperOperation",
    "InvalidSignature",
    "LateRecovery",
    "Log",
    "LogEntry",
    "MisorderedOperation",
    "Operation",
    "PlcData",
    "PlcError",
    "Service",
    "assure_valid",
    "check_next",
    "cid_of",
    "data_of",
    "did_of",
    "genesis",
    "normalize",
    "sign",
    "signer_of",
    "tombstone",
    "update",
]

RECOVERY_WINDOW = timedelta(hours=72)
_SIGNATURE = re.compile(r"[A-Za-z0-9_-]{86}")  # 64 bytes


class MisorderedOperation(PlcError):
    """`prev` is not the CID of an operation that may be followed."""

    def __init__(self) -> None:
        super().__init__("Operations not correctly ordered")


class InvalidSignature(PlcError):
    """No rotation key that may sign this operation has signed it."""

    def __init__(self) -> None:
        super().__init__("Invalid signature on op: not by a rotation key that may sign it")


class LateRecovery(PlcError):
    """A recovery came more than 72 hours after the operation that it disputes."""

    def __init__(self, lapsed: timedelta) -> None:
        super().__init__(
            "Recovery operation occurred outside of the allowed 72 hr recovery window. "
            f"Time lapsed: {lapsed}"
        )
        self.lapsed = lapsed


class GenesisMismatch(PlcError):
    """The first operation's hash is another DID."""

    def __init__(self, expected: str) -> None:
        super().__init__(f"Hash of genesis operation does not match DID identifier: {expected}")
        self.expected = expected


@dataclass(frozen=True)
class LogEntry:
    """One operation as a directory keeps it. `created_at` is aware, by the directory's clock."""

    cid: str
    operation: Operation
    created_at: datetime
    nullified: bool = False


@dataclass(frozen=True)
class Log:
    """A DID's operations in the order in which they were taken; empty for a DID yet to be."""

    did: str
    entries: Sequence[LogEntry] = ()

    @property
    def not_nullified(self) -> list[LogEntry]:
        """The entries that no recovery has put aside; the last one is the DID's present state."""
        return [entry for entry in self.entries if not entry.nullified]


def sign(op: Operation, key: SigningKey) -> Operation:
    """The operation with its `sig`, in place of any that it had."""
    signature = base64.urlsafe_b64encode(key.sign(_signed_bytes(op)))
    return {**op, "sig": signature.rstrip(b"=").decode()}


def did_of(signed_genesis: Operation) -> str:
    """The DID that this signed first operation, legacy `create` included, makes."""
    digest = hashlib.sha256(cbor.encode(signed_genesis)).digest()
    return "did:plc:" + base64.b32encode(digest).decode().lower()[:24]


def cid_of(signed_op: Operation) -> str:
    """The CID by which a successor names this signed operation."""
    return cid.to_text(cid.of_dag_cbor(cbor.encode(signed_op)))


def signer_of(op: Operation, rotation_keys: Sequence[str]) -> str:
    """The one of these did:keys that signed the operation.

    The signature must be canonical (64 bytes, low-S, base64url without padding or spare bits);
    otherwise anybody could change the operation's CID. Raises InvalidSignature.
    """
    signature = _signature_bytes(op["sig"])
    message = _signed_bytes(op)
    for key in rotation_keys:
        if PublicKey.from_did_key(key).verify(message, signature):
            return key
    raise InvalidSignature


def check_next(log: Log, op: Operation, now: datetime) -> list[str]:
    """Whether the operation may follow in the log at this time; the CIDs that it nullifies.

    `op` has passed `assure_valid` (or is a legacy `create` at the start of an old log); `now` is
    aware. Raises MisorderedOperation, InvalidSignature, LateRecovery, GenesisMismatch.
    """
    valid = log.not_nullified
    if not valid:
        _check_genesis(log.did, op)
        return []
    places = [i for i, entry in enumerate(valid) if entry.cid == op["prev"]]
    if not places:
        raise MisorderedOperation
    fork, disputed = valid[places[0]], valid[places[0] + 1 :]
    data = data_of(fork.operation)
    if data is None or op["type"] == "create":
        raise MisorderedOperation
    if not disputed:
        signer_of(op, data.rotation_keys)
    else:
        _check_recovery(op, data.rotation_keys, disputed, now)
    return [entry.cid for entry in disputed]


def _check_genesis(did: str, op: Operation) -> None:
    data = data_of(op)
    if data is None or op["prev"] is not None:
        raise MisorderedOperation
    signer_of(op, data.rotation_keys)
    if (expected := did_of(op)) != did:
        raise GenesisMismatch(expected)


def _check_recovery(
    op: Operation, rotation_keys: Sequence[str], disputed: Sequence[LogEntry], now: datetime
) -> None:
    disputed_signer = signer_of(disputed[0].operation, rotation_keys)
    signer_of(op, rotation_keys[: rotation_keys.index(disputed_signer)])
    if now <= disputed[-1].created_at:
        raise MisorderedOperation
    if (lapsed := now - disputed[0].created_at) > RECOVERY_WINDOW:
        raise LateRecovery(lapsed)


def _signed_bytes(op: Operation) -> bytes:
    return cbor.encode({name: value for name, value in op.items() if name != "sig"})


def _signature_bytes(sig: str) -> bytes:
    if not _SIGNATURE.fullmatch(sig):
        raise InvalidSignature
    raw = base64.urlsafe_b64decode(sig + "==")
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != sig:
        raise InvalidSignature
    return raw
