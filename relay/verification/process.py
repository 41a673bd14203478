"""A verifier, a process: `python -m relay.verification.process`, asked through its stdin.

It takes batches of events and answers each with what it says or why it is refused. No Django, no
database: it starts at once, stays small, and ends when its stdin does. Both sides are this version
of this program, so values go as `marshal` writes them, behind their length (4 bytes).
"""

import marshal
import struct
import sys
from dataclasses import astuple
from typing import IO, Any, Final

from protocol.event_stream.frames import EventKind
from relay.verification.checks import Checked, Rejected, check
from relay.verification.reasons import Reason

LENGTH: Final = struct.Struct(">I")
# Kind, body, did:key, whether the handle is kept
Question = tuple[int, bytes, str, bool]
# The fields of a Checked, or reason and detail
Answer = tuple[Any, ...]


def answer(question: Question) -> Answer:
    """What an event says, or why it is refused."""
    kind, body, key, keeps_handle = question
    try:
        return astuple(check(EventKind(kind), body, key, keeps_handle=keeps_handle))
    except Rejected as refusal:
        return str(refusal.reason), refusal.detail[:300]
    except Exception as fault:  # noqa: BLE001 - one event must not end its whole host's stream
        return str(Reason.MALFORMED), f"{type(fault).__name__}: {fault}"[:300]


def read_answer(given: Answer) -> Checked | Rejected:
    """An answer as what it was."""
    if len(given) == 2:
        return Rejected(Reason(given[0]), given[1])
    return Checked(*given)


def packed(value: list[Any]) -> bytes:
    """A message."""
    data = marshal.dumps(value)
    return LENGTH.pack(len(data)) + data


def serve(incoming: IO[bytes], outgoing: IO[bytes]) -> None:
    """Answer batches until there are none."""
    while len(head := incoming.read(LENGTH.size)) == LENGTH.size:
        questions = marshal.loads(incoming.read(*LENGTH.unpack(head)))  # noqa: S302 - our own
        outgoing.write(packed([answer(question) for question in questions]))
        outgoing.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
