"""The bundled lexicon documents: JSON files that ship inside the `lexrpc` wheel.

The one place in `protocol` that reads files, and only package data. The package itself is located
but never imported: importing it costs half a second and a dozen libraries we do not use. Files
are read when their NSID is first asked for, so that start-up costs nothing.
"""

import functools
import importlib.util
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from protocol import syntax
from protocol.lexicon.proposed import PROPOSED

Document = Mapping[str, Any]


@functools.cache
def bundled_folder() -> Path:
    """The folder of the bundled documents. Raises ModuleNotFoundError when the wheel is absent."""
    spec = importlib.util.find_spec("lexrpc")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the lexrpc wheel, which carries the lexicon documents")
    return Path(spec.submodule_search_locations[0]) / "lexicons"


def bundled_nsids() -> list[str]:
    """The NSID of every bundled document, read from all of them: slow, for tests and tools."""
    files = bundled_folder().rglob("*.json")
    return sorted(orjson.loads(file.read_bytes())["id"] for file in files)  # noqa: TID251 - our own


def read_bundled(nsid: str) -> Document | None:
    """Read the bundled document of that NSID, or a proposed one; None when there is none.

    The path follows the NSID; a few authors put a document in a folder of its own name.
    """
    if nsid in PROPOSED:
        return PROPOSED[nsid]
    if not syntax.is_nsid(nsid):  # also keeps `..` and `/` out of the path
        return None
    path = bundled_folder().joinpath(*nsid.split("."))
    for file in (path.with_name(f"{path.name}.json"), path / f"{path.name}.json"):
        if file.is_file():
            document: Document = orjson.loads(file.read_bytes())  # noqa: TID251 - our own
            return document if document["id"] == nsid else None
    return None


class Documents:
    """Documents by NSID: those given, which win, and the bundled ones, each read once.

    Absent NSIDs are not remembered: clients choose them, and memory is finite.
    """

    def __init__(self, given: Iterable[Document] = ()) -> None:
        self._known: dict[str, Document] = {document["id"]: document for document in given}

    def find(self, nsid: str) -> Document | None:
        """The document of that NSID, or None."""
        known = self._known.get(nsid)
        if known is None:
            known = read_bundled(nsid)
            if known is not None:
                self._known[nsid] = known
        return known
