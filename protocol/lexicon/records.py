"""Record types: what may be stored in a collection, and under which keys.

Spec: atproto.com/specs/lexicon, "record", and atproto.com/specs/record-key.
"""

import functools
from typing import Any, Final

from protocol import syntax
from protocol.lexicon.errors import fail
from protocol.lexicon.source import Schema
from protocol.lexicon.validators import Check, Validators, run

LITERAL: Final = "literal:"


class RecordType:
    """A collection's record: `nsid`, and `key`: `tid`, `nsid`, `any` or `literal:self`."""

    def __init__(self, nsid: str, main: Schema, validators: Validators) -> None:
        self.nsid = nsid
        self.key: str = main.get("key", "any")
        self._validators = validators

    def check(self, value: Any) -> None:
        """Check a record as decoded CBOR. Raises LexiconError (BlobTypeError, BlobSizeError)."""
        if type(value) is not dict:
            fail("Record", "must be an object")
        if value.get("$type") != self.nsid:
            fail("Record/$type", f"must be {self.nsid}")
        run(self._check_fields, value, "Record")

    @functools.cached_property
    def _check_fields(self) -> Check:
        return self._validators[f"{self.nsid}#main"]

    def check_rkey(self, rkey: str) -> None:
        """Check a record key against the collection's key type. Raises LexiconError."""
        if not syntax.is_record_key(rkey):
            fail("rkey", "must be a valid Record Key")
        if self.key == "tid" and not syntax.is_tid(rkey):
            fail("rkey", "must be a valid TID")
        if self.key == "nsid" and not syntax.is_nsid(rkey):
            fail("rkey", "must be a valid nsid")
        if self.key.startswith(LITERAL) and rkey != self.key.removeprefix(LITERAL):
            fail("rkey", f"must be {self.key.removeprefix(LITERAL)}")
