"""What `firehose tail` prints: an event a line, and what is wrong with it.

Texts of an event are untrusted: cut, and without whatever a terminal would act upon.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from repos.maintenance.independent import events
from repos.maintenance.independent.blocks import Malformed
from repos.maintenance.independent.events import Event
from repos.maintenance.independent.verification import Verifier

_TEXT_MAX: Final = 300
_OPS_SHOWN: Final = 3


@dataclass(frozen=True)
class Seen:
    """One message, and the faults that were found; None for a frame that cannot be read."""

    event: Event | None
    faults: tuple[str, ...]


def seen(frames: Iterable[bytes], verifier: Verifier | None) -> Iterator[Seen]:
    """Frames as they come; without a verifier only those that cannot be read have faults. Raises
    RemoteError."""
    for frame in frames:
        try:
            event = events.read(frame)
        except Malformed as fault:
            yield Seen(None, (str(fault),))
            continue
        yield Seen(event, tuple(verifier.faults_of(event)) if verifier else ())


def as_text(found: Seen) -> str:
    """A line for the event, and one for each fault."""
    event = found.event
    if event is None:
        shown = ["a frame that cannot be read"]
    else:
        paths = [f"{op.action} {op.path}" for op in event.ops[:_OPS_SHOWN]]
        more = len(event.ops) - len(paths)
        number = [str(event.seq)] if event.seq else []
        shown = [*number, event.kind, event.did, event.rev, *_details(event), ", ".join(paths)]
        shown += [f"and {more} more"] if more else []
    faults = [f"  fault: {short(fault)}" for fault in found.faults]
    return "\n".join([" ".join(short(each) for each in shown if each), *faults])


def as_json(found: Seen) -> str:
    """An object in one line."""
    event = found.event
    value: dict[str, Any] = {}
    if event is not None:
        value = {"kind": event.kind, "seq": event.seq, "did": event.did, "rev": event.rev}
        value |= {"time": event.body.get("time"), "details": _details(event)}
        value["ops"] = [{"action": op.action, "path": op.path} for op in event.ops]
    return json.dumps(_cut({**value, "faults": list(found.faults)}))


def _details(event: Event) -> list[str]:
    """What tells of the kinds that have no record."""
    values = [event.body.get(name) for name in ("handle", "status", "name", "message")]
    is_off = event.kind == "#account" and not event.body["active"]
    return [*(["inactive"] if is_off else []), *(each for each in values if isinstance(each, str))]


def short(text: str) -> str:
    """An untrusted text for a terminal."""
    plain = "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in text)
    return plain if len(plain) <= _TEXT_MAX else f"{plain[:_TEXT_MAX]}..."


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cut(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_cut(each) for each in value]
    return value[:_TEXT_MAX] if isinstance(value, str) else value
