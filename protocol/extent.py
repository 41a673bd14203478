"""How much one JSON text or CBOR block of a stranger may hold, however few bytes it takes.

A reader spends some microseconds on each object, list and key, so a megabyte of `{},{},{}` costs
seconds where a megabyte of text costs nothing. The data model names no such bound (indigo's reader
takes 131,072 items in one place); a record of the network has a few hundred objects at the most.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Extent:
    """Most objects and lists, keys of objects, and values inside of either, over the whole text or
    block."""

    containers: int
    keys: int
    values: int

    def surplus(self, containers: int, keys: int, values: int) -> str:
        """What there is too much of, as a sentence's end; empty when there is not."""
        if containers > self.containers:
            return f"more than {self.containers} objects and lists"
        if keys > self.keys:
            return f"more than {self.keys} keys"
        return f"more than {self.values} values" if values > self.values else ""


RECORD: Final = Extent(containers=20_000, keys=50_000, values=131_072)
# A page of an app view: a hundred posts with the posts they answer are 24,000 objects.
ANSWER: Final = Extent(containers=100_000, keys=250_000, values=500_000)
