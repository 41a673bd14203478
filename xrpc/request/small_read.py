"""Small reads: queries that one prepared statement answers, when all is well.

Such a call needs no thread: the event loop sends its statement together with those of the same
moment (xrpc.small_reads). Whatever is not plain (a refusal, a record that is not here, credentials
of another kind) is left to the method itself, in its thread, as if nobody had tried.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hosting.models import Host
from server.database.prepared import Question, Row
from xrpc.request.call import Caller


@dataclass(frozen=True, slots=True)
class SmallCall:
    """One checked request: what a method's `Call` has of it. `caller` has a session."""

    host: Host
    params: Mapping[str, Any]
    caller: Caller | None


@dataclass(frozen=True, slots=True)
class SmallRead:
    """`ask(call)` is the statement, None where this way does not serve; `answer(call, rows)` is the
    answer, JSON text or what becomes it, None likewise. Both are called on the event loop: neither
    may ask anything of anybody."""

    ask: Callable[[SmallCall], Question | None]
    answer: Callable[[SmallCall, Sequence[Row]], bytes | Mapping[str, Any] | None]
