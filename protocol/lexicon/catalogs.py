"""The catalog: every record type and method we know, by NSID.

Looking one up reads its document once; its validators are compiled when first used. Spec:
atproto.com/specs/lexicon.
"""

import functools
from collections.abc import Iterable

from protocol.lexicon import leaves, schema_check
from protocol.lexicon.documents import Document, Documents
from protocol.lexicon.methods import MethodType
from protocol.lexicon.records import RecordType
from protocol.lexicon.validators import Validators

METHOD_KINDS = ("query", "procedure", "subscription")


class Catalog:
    """Record types and methods of the bundled documents and of those given.

    A given document wins over a bundled one of the same NSID. Raises DocumentError when one
    breaks the lexicon language.
    """

    def __init__(self, documents: Iterable[Document] = ()) -> None:
        given = list(documents)
        for document in given:
            schema_check.check_document(document)
        self._documents = Documents(given)
        self.of_values = Validators(self._documents, leaves.OF_VALUES)
        self.of_json = Validators(self._documents, leaves.OF_JSON)
        self.of_input = Validators(self._documents, leaves.OF_JSON, is_for_input=True)
        self._records: dict[str, RecordType] = {}
        self._methods: dict[str, MethodType] = {}

    def document(self, nsid: str) -> Document | None:
        """The document itself, or None: permission sets and descriptions are read from it."""
        return self._documents.find(nsid)

    def record(self, nsid: str) -> RecordType | None:
        """The record type of a collection, or None when no document defines one."""
        known = self._records.get(nsid)
        if known is None:
            document = self.document(nsid)
            main = document["defs"].get("main") if document else None
            if main is None or main["type"] != "record":
                return None
            known = self._records.setdefault(nsid, RecordType(nsid, main, self.of_values))
        return known

    def method(self, nsid: str) -> MethodType | None:
        """The query, procedure or subscription of that name, or None."""
        known = self._methods.get(nsid)
        if known is None:
            document = self.document(nsid)
            main = document["defs"].get("main") if document else None
            if main is None or main["type"] not in METHOD_KINDS:
                return None
            method = MethodType(nsid, main, given=self.of_input, told=self.of_json)
            known = self._methods.setdefault(nsid, method)
        return known


@functools.cache
def catalog() -> Catalog:
    """The catalog of the bundled documents, one per process."""
    return Catalog()
