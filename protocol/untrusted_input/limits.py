"""Limits on what one untrusted JSON text or CBOR block may hold, however few bytes it takes.

A reader spends some microseconds on each object, list and key, so a megabyte of `{},{},{}` costs
seconds where a megabyte of text costs nothing. The data model names no such bound (indigo's reader
takes 131,072 items in one place); a record of the network has a few hundred objects at the most.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class InputLimits:
    """Most objects and lists, keys of objects, and values inside of either, over the whole text or
    block. `depth`: most objects and lists inside one another in a JSON text; None: as many as the
    parser reads (1,023)."""

    containers: int
    keys: int
    values: int
    depth: int | None = None

    def excess(self, containers: int, keys: int, values: int) -> str:
        """What there is too much of, as a sentence's end; empty when there is not."""
        if containers > self.containers:
            return f"more than {self.containers} objects and lists"
        if keys > self.keys:
            return f"more than {self.keys} keys"
        return f"more than {self.values} values" if values > self.values else ""


# The depth is far above the data model's (protocol.cbor) and the DID documents' of the network, and
# far below what can be written as JSON again (254): what is read here is stored, wrapped, answered.
RECORD: Final = InputLimits(containers=20_000, keys=50_000, values=131_072, depth=100)
# A page of an app view: a hundred posts with the posts they answer are 24,000 objects.
ANSWER: Final = InputLimits(containers=100_000, keys=250_000, values=500_000)
