"""Lexicon documents compiled into Python validators.

`catalog()` knows the bundled documents. `Catalog.record(nsid).check(value)` checks a record as
decoded CBOR; `Catalog.method(nsid)` parses parameters and checks bodies as parsed JSON. All
refusals are LexiconError. Spec: atproto.com/specs/lexicon.
"""

from protocol.lexicon.catalogs import Catalog, catalog
from protocol.lexicon.errors import BlobSizeError, BlobTypeError, DocumentError, LexiconError
from protocol.lexicon.methods import MethodType
from protocol.lexicon.records import RecordType
from protocol.lexicon.untrusted_documents import (
    MAX_DOCUMENTS,
    check_untrusted,
    compile_documents,
    depends_on,
    width_of,
)

__all__ = [
    "MAX_DOCUMENTS",
    "BlobSizeError",
    "BlobTypeError",
    "Catalog",
    "DocumentError",
    "LexiconError",
    "MethodType",
    "RecordType",
    "catalog",
    "check_untrusted",
    "compile_documents",
    "depends_on",
    "width_of",
]
