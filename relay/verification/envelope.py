"""The envelope of a frame: kind, `seq` and DID, read before anything is believed."""

from dataclasses import dataclass
from typing import Any, Final

import libipld

from protocol import cbor
from protocol.event_stream.frames import EventKind
from protocol.syntax import is_did
from protocol.untrusted_input.limits import InputLimits

MAX_FRAME_BYTES: Final = 5_000_000
MAX_SEQ: Final = 2**53 - 1
_KINDS: Final = {f"#{kind.name.lower()}": kind for kind in EventKind}
_MAX_HEADER: Final = 128
# A commit has 200 operations at the most; its blocks are one value. A frame of empty lists takes
# seconds to decode and seventy times its size, one below this size no longer than a signature.
_FEW_BYTES: Final = 8_000
_LIMITS: Final = InputLimits(containers=2_000, keys=5_000, values=5_000)


class NotAnEvent(ValueError):
    """The message is no numbered event. `error` is the name in an error frame, "" otherwise."""

    def __init__(self, message: str, error: str = "") -> None:
        super().__init__(message)
        self.error = error


@dataclass(frozen=True, slots=True)
class Envelope:
    """A frame by its outside; `body_at` is where its body begins."""

    kind: EventKind
    seq: int
    did: str
    handle: str  # of #identity, "" when it says none
    frame: bytes
    body_at: int


def read(frame: bytes) -> Envelope | None:
    """The envelope of a frame; None for messages without a number (#info) or of unknown kinds.

    Raises NotAnEvent. The decoder is the fast one, not strict: the strict one has the body next.
    """
    if len(frame) > MAX_FRAME_BYTES:
        raise NotAnEvent(f"a frame has at most {MAX_FRAME_BYTES} bytes")
    header, body_at = _header(frame)
    if header.get("op") == -1:
        raise NotAnEvent("the host refuses", _error_name(frame[body_at:]))
    name = header.get("t")
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        return None
    if len(frame) > _FEW_BYTES:
        _check_limits(frame[body_at:])
    body = _map(frame[body_at:])
    seq, did = body.get("seq"), body.get("repo" if kind is EventKind.COMMIT else "did")
    if type(seq) is not int or not 0 < seq <= MAX_SEQ:
        raise NotAnEvent("an event's seq is a positive integer")
    if not isinstance(did, str) or not is_did(did):
        raise NotAnEvent("an event is about a DID")
    handle = body.get("handle")
    return Envelope(kind, seq, did, handle if isinstance(handle, str) else "", frame, body_at)


def _header(frame: bytes) -> tuple[dict[str, Any], int]:
    try:
        for end in _ends(frame[:_MAX_HEADER]):
            return _map(frame[:end]), end
    except (IndexError, ValueError) as fault:
        raise NotAnEvent("a frame begins with a header") from fault
    raise NotAnEvent("a frame begins with a header")


def _ends(start: bytes) -> list[int]:
    """Where the first value of some bytes ends, a map of scalars."""
    major, length, at = cbor.read_head(start, 0)
    if major != 5 or length > 4:
        raise NotAnEvent("a header is a small map")
    for _ in range(length * 2):
        major, argument, at = cbor.read_head(start, at)
        at += argument if major in (2, 3) else 0
    return [at]


def _check_limits(body: bytes) -> None:
    try:
        cbor.check_limits(body, _LIMITS)
    except cbor.CborError as fault:
        raise NotAnEvent(f"an event with {fault}") from fault


def _error_name(body: bytes) -> str:
    try:
        name = _map(body[:_FEW_BYTES]).get("error")
    except NotAnEvent:
        name = None
    return name if isinstance(name, str) and name else "Unknown"


def _map(data: bytes) -> dict[str, Any]:
    try:
        value = libipld.decode_dag_cbor(data)
    except (ValueError, RecursionError) as fault:
        raise NotAnEvent("the message is not DAG-CBOR") from fault
    if not isinstance(value, dict):
        raise NotAnEvent("a message is a map")
    return value
