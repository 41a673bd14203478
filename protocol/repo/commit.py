"""The commit: the one signed object of a repo, naming its account, its revision and its tree.

Source: atproto.com/specs/repository, "Commit Objects" (version 3). The signature covers the
DAG-CBOR bytes of the map without `sig`; the CID is over the map with it. `prev` is always there
and null in everything we write; readers allow the link that version 2 left behind.
"""

from dataclasses import dataclass
from typing import Any

from protocol import cbor, cid
from protocol.keys import PublicKey, SigningKey
from protocol.syntax import is_did, is_tid

VERSION = 3
_FIELDS = {"did", "version", "data", "rev", "prev", "sig"}
_SIGNATURE_BYTES = 64


class CommitError(cbor.CborError):
    """The block is not a version 3 commit."""


@dataclass(frozen=True, slots=True)
class SignedCommit:
    """A commit ready to store: its CID and its bytes."""

    cid: bytes
    block: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that was read: `data` is the root of the tree, `sig` r||s of 64 bytes."""

    did: str
    rev: str
    data: bytes
    prev: bytes | None
    sig: bytes

    def verify(self, public_key: PublicKey) -> bool:
        """Whether this key signed it."""
        unsigned = _unsigned(self.did, self.rev, self.data, self.prev)
        return public_key.verify(cbor.encode(unsigned), self.sig)


def sign(did: str, rev: str, data: bytes, key: SigningKey) -> SignedCommit:
    """A new commit on the tree `data`, signed with the account's key."""
    fields = _unsigned(did, rev, data, None)
    fields["sig"] = key.sign(cbor.encode_own(fields))
    block = cbor.encode_own(fields)
    return SignedCommit(cid.of_dag_cbor(block), block)


def parse(block: bytes) -> Commit:
    """Read a commit block; CommitError for anything that is not one, CborError for bad CBOR.

    The signature is left to `Commit.verify`, the CID to whoever had the block from a CAR file.
    """
    fields = cbor.decode(block)
    if not isinstance(fields, dict) or fields.keys() != _FIELDS:
        raise CommitError("a commit has exactly the fields of version 3")
    if type(fields["version"]) is not int or fields["version"] != VERSION:
        raise CommitError("the commit is not of version 3")
    did, rev, sig = fields["did"], fields["rev"], fields["sig"]
    if not isinstance(did, str) or not is_did(did):
        raise CommitError("the commit's did is not a DID")
    if not isinstance(rev, str) or not is_tid(rev):
        raise CommitError("the commit's rev is not a TID")
    if not isinstance(sig, bytes) or len(sig) != _SIGNATURE_BYTES:
        raise CommitError("the commit's sig is not 64 bytes")
    prev = None if fields["prev"] is None else _link(fields["prev"], "prev")
    return Commit(did, rev, _link(fields["data"], "data"), prev, sig)


def _unsigned(did: str, rev: str, data: bytes, prev: bytes | None) -> dict[str, Any]:
    return {
        "did": did,
        "version": VERSION,
        "data": cbor.Link(data),
        "rev": rev,
        "prev": cbor.Link(prev) if prev is not None else None,
    }


def _link(value: object, field: str) -> bytes:
    if not isinstance(value, cbor.Link):
        raise CommitError(f"the commit's {field} is not a link")
    raw: bytes = value.cid_bytes
    return raw
