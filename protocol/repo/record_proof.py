"""Record proofs: what a repo holds at a path, by a CAR: signed commit, nodes on the way, record.

Source: com.atproto.sync.getRecord; atproto.com/specs/repository. A proof is untrusted bytes:
every CID is checked against its block, the nodes against the rules of the tree, the signature
against the account's key.
"""

from dataclasses import dataclass

from protocol import car, cbor, mst
from protocol.keys import PublicKey
from protocol.repo import commit


class ProofError(ValueError):
    """The CAR does not prove what it should."""


class BadSignature(ProofError):
    """The commit is not signed by this key: it is a lie, or the account has a new key."""


@dataclass(frozen=True, slots=True)
class ProvenRecord:
    """A record that its account signed: CID, DAG-CBOR bytes, and the commit's rev."""

    cid: bytes
    block: bytes
    rev: str


def verify(data: bytes, did: str, key: PublicKey, path: str) -> ProvenRecord | None:
    """The record at `collection/rkey` of the repo, or None when the proof says that there is none.

    `key` is the signing key in the DID's document. Raises ProofError (BadSignature).
    """
    try:
        archive = car.read(data)
        signed = _commit_of(archive)
        if signed.did != did:
            raise ProofError("the commit is of another account")
        if not signed.verify(key):
            raise BadSignature("the commit is not signed by the account's key")
        mst.partial(signed.data, archive.blocks)
        record_cid = mst.Tree(signed.data, archive.blocks).get(path.encode())
        if record_cid is None:
            return None
        return ProvenRecord(record_cid, archive.blocks[record_cid], signed.rev)
    except (car.CarError, cbor.CborError, mst.MstError) as fault:
        raise ProofError(str(fault)) from fault
    except KeyError as fault:  # MissingBlock is one
        raise ProofError("a block of the proof is missing") from fault


def _commit_of(archive: car.Car) -> commit.Commit:
    if len(archive.roots) != 1:
        raise ProofError("a proof has one root, the commit")
    return commit.parse(archive.blocks[archive.roots[0]])
