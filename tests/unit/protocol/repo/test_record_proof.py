"""Proofs of single records, honest and not."""

import pytest

from protocol import car, cbor, cid, mst
from protocol.keys import PublicKey, SigningKey
from protocol.repo import commit
from protocol.repo.record_proof import BadSignature, ProofError, verify

DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
REV = "3ke6kg3wk222b"
PATH = "com.atproto.lexicon.schema/com.example.thing"
KEY = SigningKey.generate()
PUBLIC = PublicKey.from_did_key(KEY.did_key)
RECORD = cbor.encode({"a": 1})


def repo(records: dict[str, bytes]) -> tuple[bytes, dict[bytes, bytes]]:
    """A tree of these records: its root, and all blocks."""
    tree = mst.Tree(None, {})
    for path, block in records.items():
        tree.put(path.encode(), cid.of_dag_cbor(block))
    root = tree.commit()
    return root, {
        **tree.new_blocks,
        **{cid.of_dag_cbor(block): block for block in records.values()},
    }


def proof(
    records: dict[str, bytes], did: str = DID, without: bytes = b"", key: SigningKey = KEY
) -> bytes:
    root, blocks = repo(records)
    signed = commit.sign(did, REV, root, key)
    blocks.pop(without, None)
    return car.write(signed.cid, [(signed.cid, signed.block), *blocks.items()])


def test_a_record_is_proved() -> None:
    proven = verify(proof({PATH: RECORD, "a.b.c/1": b"\xa0"}), DID, PUBLIC, PATH)
    assert proven is not None
    assert (proven.block, proven.cid, proven.rev) == (RECORD, cid.of_dag_cbor(RECORD), REV)


def test_the_absence_of_a_record_is_proved() -> None:
    assert verify(proof({"a.b.c/1": b"\xa0"}), DID, PUBLIC, PATH) is None


def test_another_key_signed_nothing_for_us() -> None:
    with pytest.raises(BadSignature):
        verify(proof({PATH: RECORD}, key=SigningKey.generate()), DID, PUBLIC, PATH)


def test_a_proof_of_another_account_is_refused() -> None:
    with pytest.raises(ProofError, match="another account"):
        verify(proof({PATH: RECORD}, did="did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"), DID, PUBLIC, PATH)


def test_a_record_that_is_not_there_is_no_absence() -> None:
    with pytest.raises(ProofError, match="missing"):
        verify(proof({PATH: RECORD}, without=cid.of_dag_cbor(RECORD)), DID, PUBLIC, PATH)


def test_a_node_that_is_not_there_is_no_absence() -> None:
    root, _ = repo({PATH: RECORD})
    with pytest.raises(ProofError, match="missing"):
        verify(proof({PATH: RECORD}, without=root), DID, PUBLIC, PATH)


@pytest.mark.parametrize("change", [0, 20, 60, -1])
def test_bytes_that_changed_on_the_way_prove_nothing(change: int) -> None:
    data = bytearray(proof({PATH: RECORD}))
    data[change] ^= 1
    with pytest.raises(ProofError):
        verify(bytes(data), DID, PUBLIC, PATH)


def test_a_proof_has_one_root() -> None:
    with pytest.raises(ProofError, match="one root"):
        verify(car.header([]), DID, PUBLIC, PATH)


BOMBS = {
    "lists inside one another": b"\x81" * 900_000 + b"\x80",
    "maps inside one another": b"\xa1\x60" * 400_000 + b"\xa0",
    "a list longer than memory": b"\x9b\x7f" + b"\xff" * 7,
    "lists side by side": b"\x9a\x00\x0d\xbb\xa0" + b"\x80" * 900_000,
    "tags inside one another": b"\xd8\x2a" * 400_000,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_block_made_to_hurt_proves_nothing(bomb: bytes) -> None:
    as_commit = car.write(cid.of_dag_cbor(bomb), [(cid.of_dag_cbor(bomb), bomb)])
    signed = commit.sign(DID, REV, cid.of_dag_cbor(bomb), KEY)
    as_tree = car.write(signed.cid, [(signed.cid, signed.block), (cid.of_dag_cbor(bomb), bomb)])
    for proof_of_it in (as_commit, as_tree):
        with pytest.raises(ProofError):
            verify(proof_of_it, DID, PUBLIC, PATH)
