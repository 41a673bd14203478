"""The source of one compiled function, as it is being written.

Names and values from a document reach the source only through `repr`, so no document can add code.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from protocol.lexicon.errors import DocumentError

INT64: Final = range(-(2**63), 2**63)
MAX_SOURCE_CHARACTERS: Final = 200_000  # of one function; the longest bundled one has 6,000

Schema = Mapping[str, Any]


def full_name(nsid: str, ref: str) -> str:
    """`#def`, `nsid` or `nsid#def`, as written in the document `nsid`, as `nsid#def`."""
    if ref.startswith("#"):
        return nsid + ref
    return ref if "#" in ref else f"{ref}#main"


@dataclass(frozen=True)
class Spot:
    """Where source is being written: the variable looked at, its path (source too), the indent."""

    variable: str
    path: str
    indent: int

    def inner(self) -> "Spot":
        """The same spot, one block further in."""
        return Spot(self.variable, self.path, self.indent + 1)


class Emitter:
    """Collects the source of one function, and the constants it needs."""

    def __init__(
        self, nsid: str, is_defined: Callable[[str], bool], *, is_for_input: bool = False
    ) -> None:
        self.nsid = nsid
        self.is_defined = is_defined
        self.is_for_input = is_for_input  # of methods: what a database can not hold is refused
        self.lines: list[str] = []
        self.constants: dict[str, object] = {}
        self._name_count = 0
        self._size = 0

    def write(self, indent: int, line: str) -> None:
        """Add one line. Raises DocumentError when a document makes too many or too long ones."""
        self._size += indent + len(line)
        if self._size > MAX_SOURCE_CHARACTERS:
            raise DocumentError(self.nsid, "takes too long to check")
        self.lines.append(" " * indent + line)

    def refuse(self, at: Spot, condition: str, message: str) -> None:
        """Add: raise LexiconError at this spot when the condition holds."""
        self.write(at.indent, f"if {condition}: fail({at.path}, {message!r})")

    def fresh_name(self, prefix: str) -> str:
        """A variable name not used before in this function."""
        self._name_count += 1
        return f"{prefix}{self._name_count}"
