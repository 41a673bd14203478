"""Untrusted lexicon documents: how large they may be, and which others they depend on.

Compiling turns a document into Python source. Names and values enter it through `repr` alone, so
none can add code (protocol.lexicon.source); the bounds here keep its size and the work of running
it in proportion, whoever wrote it. The widest document of the network has a hundred fields in one
place. Spec: atproto.com/specs/lexicon.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from protocol.lexicon import schema_check
from protocol.lexicon.catalogs import Catalog
from protocol.lexicon.documents import Document, read_bundled
from protocol.lexicon.emit import EMITTERS
from protocol.lexicon.errors import DocumentError
from protocol.lexicon.source import MAX_SOURCE_CHARACTERS, full_name

MAX_DOCUMENT_BYTES: Final = 131_072
MAX_WIDTH: Final = 500  # fields of one object, choices of one enum, members of one union
MAX_NESTING: Final = 40  # of JSON; schemas themselves are bounded by schema_check
MAX_KEY_LENGTH: Final = 256
MAX_DOCUMENTS: Final = 20  # that a record may depend on, itself included


def check_untrusted(document: Any, size_bytes: int) -> None:
    """Raise DocumentError unless this is a document that we are willing to compile."""
    if size_bytes > MAX_DOCUMENT_BYTES:
        raise DocumentError("Lexicon", f"must not be larger than {MAX_DOCUMENT_BYTES} bytes")
    _check_size(document, MAX_NESTING)
    schema_check.check_document(document)


def width_of(documents: Iterable[Document]) -> int:
    """The most things in one place: what checking one object can cost at most."""
    return max(_widths(list(documents)), default=0)


def depends_on(document: Document) -> set[str]:
    """The NSIDs of other documents, not bundled, that its values are or may be defined by."""
    nsid = document["id"]
    refs = _refs(_value_schemas(document), is_needed=False)
    named = {full_name(nsid, ref).partition("#")[0] for ref in refs}
    return {other for other in named - {nsid} if read_bundled(other) is None}


def compile_documents(documents: Iterable[Document]) -> Catalog:
    """A catalog of untrusted documents beside the bundled ones, every validator compiled now.

    Raises DocumentError, also for a `ref` to what is nowhere defined.
    """
    given = list(documents)
    made = Catalog(given)
    for document in given:
        for key in document["defs"]:
            name = f"{document['id']}#{key}"
            if made.of_values.definition(name) is not None:
                made.of_values[name]
            if made.of_values.compiled_characters > MAX_SOURCE_CHARACTERS:
                raise DocumentError(document["id"], "takes too long to check")
        for ref in _refs(_value_schemas(document), is_needed=True):
            name = full_name(document["id"], ref)
            if made.of_values.definition(name) is None:
                raise DocumentError(document["id"], f"refers to {name}, which is not defined")
    return made


def _check_size(value: Any, nesting: int) -> None:
    if not isinstance(value, Mapping | list):
        return
    if nesting == 0:
        raise DocumentError("Lexicon", "is nested too deeply")
    if len(value) > MAX_WIDTH:
        raise DocumentError("Lexicon", f"must not have more than {MAX_WIDTH} of anything")
    if isinstance(value, Mapping) and any(len(key) > MAX_KEY_LENGTH for key in value):
        raise DocumentError("Lexicon", f"must not have names longer than {MAX_KEY_LENGTH}")
    for inner in value.values() if isinstance(value, Mapping) else value:
        _check_size(inner, nesting - 1)


def _widths(value: Any) -> Iterator[int]:
    if isinstance(value, Mapping | list):
        yield len(value)
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _widths(inner)


def _value_schemas(document: Document) -> list[Any]:
    """The definitions that records are checked by, methods and permission sets left out."""
    defs = document["defs"].values()
    return [schema for schema in defs if schema["type"] == "record" or schema["type"] in EMITTERS]


def _refs(value: Any, *, is_needed: bool) -> Iterator[str]:
    """The references in schemas; with `is_needed` those without which a value cannot be judged,
    that is all but the members of open unions."""
    if isinstance(value, list):
        for inner in value:
            yield from _refs(inner, is_needed=is_needed)
    elif isinstance(value, Mapping):
        kind = value.get("type")
        if kind == "ref" and schema_check.is_ref(value.get("ref")):
            yield value["ref"]
        elif kind == "union" and (value.get("closed") or not is_needed):
            yield from filter(schema_check.is_ref, value.get("refs", ()))
        for inner in value.values():
            yield from _refs(inner, is_needed=is_needed)
