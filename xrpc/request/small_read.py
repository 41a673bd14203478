"""Small reads: queries that one prepared statement answers, or none at all, when all is well.

Such a call needs no thread: the event loop sends its statement together with those of the same
moment (xrpc.small_reads). Whatever is not plain (a refusal, a record that is not here, credentials
of another kind) is left to the method itself, in its thread, as if nobody had tried.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from hosting.models import Host
from server.database.prepared import Question, Row
from xrpc.request.call import Caller


@dataclass(frozen=True, slots=True)
class SmallCall:
    """One checked request: what a method's `Call` has of it. `caller` has a session; `proxy` is the
    header `atproto-proxy`, empty for none. `admin_hash` is for methods of staff, which have no
    caller: the hash of the admin's password, which the statement has to find at the host still."""

    host: Host
    params: Mapping[str, Any]
    caller: Caller | None
    proxy: str = ""
    admin_hash: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SmallFile:
    """A file for an answer, as server.web.bodies.ranges.Stored: `open` is called in a thread, and
    raises FileNotFoundError where the method has to look again."""

    open: Callable[[], IO[bytes]]
    size: int
    content_type: str
    etag: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SmallRead:
    """`ask(call)` is the statement, None where this way does not serve; `answer(call, rows)` is the
    answer, JSON text or what becomes it (or bytes of `content_type`, or a file), None likewise.
    Both are called on the event loop: neither may ask anything of anybody; what they refuse, the
    method refuses again. Without `ask` nobody is asked, and there are no rows."""

    ask: Callable[[SmallCall], Question | None] | None
    answer: Callable[[SmallCall, Sequence[Row]], bytes | Mapping[str, Any] | SmallFile | None]
    content_type: str = ""
