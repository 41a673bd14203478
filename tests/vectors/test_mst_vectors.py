"""The public vectors for the tree: key depths, shared prefixes, roots, commit proofs.

The JSON files are those of bluesky-social/atproto-interop-tests; the rest is written out here.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from protocol import cid
from protocol.event_stream.frames import RepoOp
from protocol.mst import Tree, build, key_depth, verify
from protocol.mst.node import shared_prefix
from protocol.repo.inversion import invert

HERE = Path(__file__).parent
DEPTHS = json.loads((HERE / "mst/key_heights.json").read_text())
PREFIXES = json.loads((HERE / "mst/common_prefix.json").read_text())
EXAMPLE_KEYS = (HERE / "mst/example_keys.txt").read_text().split()
PROOFS = json.loads((HERE / "firehose/commit-proof-fixtures.json").read_text())

RECORD = cid.from_text("bafyreie5cvv4h45feadgeuwhbcutmh6t2ceseocckahdoe6uat64zmz454")

ROOTS = {
    "bafyreie5737gdxlw5i64vzichcalba3z2v5n6icifvx5xytvske7mr3hpm": "",
    "bafyreibj4lsc3aqnrvphp5xmrnfoorvru4wynt6lwidqbm2623a6tatzdu": "3jqfcqzm3fo2j",
    "bafyreih7wfei65pxzhauoibu3ls7jgmkju4bspy4t2ha2qdjnzqvoy33ai": "3jqfcqzm3fx2j",
    "bafyreicmahysq4n6wfuxo522m6dpiy7z7qzym3dzs756t5n7nfdgccwq7m": (
        "3jqfcqzm3fp2j 3jqfcqzm3fr2j 3jqfcqzm3fs2j 3jqfcqzm3ft2j 3jqfcqzm4fc2j"
    ),
    "bafyreifnqrwbk6ffmyaz5qtujqrzf5qmxf7cbxvgzktl4e3gabuxbtatv4": (
        "3jqfcqzm3fn2j 3jqfcqzm3fo2j 3jqfcqzm3fp2j 3jqfcqzm3fs2j 3jqfcqzm3ft2j 3jqfcqzm3fu2j"
    ),
    "bafyreie4kjuxbwkhzg2i5dljaswcroeih4dgiqq6pazcmunwt2byd725vi": (
        "3jqfcqzm3fn2j 3jqfcqzm3fo2j 3jqfcqzm3fp2j 3jqfcqzm3ft2j 3jqfcqzm3fu2j"
    ),
}


@pytest.mark.parametrize("vector", DEPTHS, ids=lambda vector: vector["key"])
def test_key_has_the_published_depth(vector: dict[str, Any]) -> None:
    assert key_depth(vector["key"].encode()) == vector["height"]


@pytest.mark.parametrize("vector", PREFIXES, ids=str)
def test_keys_share_the_published_prefix(vector: dict[str, Any]) -> None:
    assert shared_prefix(vector["left"].encode(), vector["right"].encode()) == vector["len"]


@pytest.mark.parametrize("key", EXAMPLE_KEYS)
def test_example_key_names_its_own_depth(key: str) -> None:
    assert key_depth(key.encode()) == int(key[1])


@pytest.mark.parametrize(("root", "rkeys"), ROOTS.items(), ids=range(len(ROOTS)))
def test_records_have_the_published_root(root: str, rkeys: str) -> None:
    tree = Tree(None, {})
    for rkey in reversed(rkeys.split()):
        tree.put(f"com.example.record/{rkey}".encode(), RECORD)
    assert cid.to_text(tree.commit()) == root
    assert build(list(tree.items())) == (cid.from_text(root), tree.new_blocks)


def test_all_example_keys_make_one_tree() -> None:
    items = [(key.encode(), RECORD) for key in sorted(EXAMPLE_KEYS)]
    assert verify(*build(items)) == items


class Commit:
    """One published commit made again: the trees before and after, and its covering proof."""

    def __init__(self, vector: dict[str, Any]) -> None:
        record = cid.from_text(vector["leafValue"])
        self.before, blocks = build([(key.encode(), record) for key in sorted(vector["keys"])])
        tree = Tree(self.before, blocks)
        for key in vector["adds"]:
            tree.put(key.encode(), record)
        for key in vector["dels"]:
            tree.delete(key.encode())
        self.after = tree.commit()
        self.proof = tree.covering_proof(key.encode() for key in vector["adds"] + vector["dels"])
        self.ops = [RepoOp("create", key, record) for key in vector["adds"]]
        self.ops += [RepoOp("delete", key, None, record) for key in vector["dels"]]


commit_vectors = pytest.mark.parametrize("vector", PROOFS, ids=lambda vector: vector["comment"])


@commit_vectors
def test_commit_has_the_published_roots(vector: dict[str, Any]) -> None:
    commit = Commit(vector)
    assert cid.to_text(commit.before) == vector["rootBeforeCommit"]
    assert cid.to_text(commit.after) == vector["rootAfterCommit"]


@commit_vectors
def test_commit_has_exactly_the_published_proof(vector: dict[str, Any]) -> None:
    proof = map(cid.to_text, Commit(vector).proof)
    assert sorted(proof) == sorted(vector["blocksInProof"])


@commit_vectors
def test_published_commit_inverts(vector: dict[str, Any]) -> None:
    commit = Commit(vector)
    assert invert(commit.proof, commit.after, commit.ops) == commit.before
