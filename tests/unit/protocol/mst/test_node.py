"""One node: depths, prefixes, bytes, and what a strict reader refuses."""

import gc
import tracemalloc
from hashlib import sha256

import cbor2
import libipld
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.cid import of_dag_cbor
from protocol.mst.node import (
    MAX_ENTRIES,
    MstError,
    Node,
    check_cid,
    check_key,
    decode,
    decode_strict,
    encode,
    key_depth,
    shared_prefix,
)
from tests.unit.protocol.mst.samples import CID_PREFIX, KEYS, record_cid, tree_of

EMPTY = bytes.fromhex("a2616580616cf6")
LEAF = record_cid(1)
CHILD = record_cid(2)


def cid_of(block: bytes) -> bytes:
    return CID_PREFIX + sha256(block).digest()


def link(cid: bytes) -> cbor2.CBORTag:
    return cbor2.CBORTag(42, b"\0" + cid)


def entry(**changed: object) -> dict[str, object]:
    return {"k": b"a/b", "p": 0, "t": None, "v": link(LEAF), **changed}


def node_bytes(*entries: dict[str, object], left: object = None, **more: object) -> bytes:
    """A node written by an independent encoder, so that any fault can be put in it."""
    return cbor2.dumps({"e": list(entries), "l": left, **more}, canonical=True)


def read(block: bytes) -> Node:
    return decode_strict(cid_of(block), block)


@pytest.mark.parametrize(
    ("key", "depth"),
    [(b"", 0), (b"asdf", 0), (b"blue", 1), (b"88bfafc7", 2), (b"2a92d355", 4), (b"884976f5", 6)],
)
def test_depth_counts_pairs_of_leading_zero_bits(key: bytes, depth: int) -> None:
    assert key_depth(key) == depth


@given(st.binary(max_size=20))
@settings(deadline=None)
def test_depth_agrees_with_the_definition(key: bytes) -> None:
    bits = "".join(f"{byte:08b}" for byte in sha256(key).digest())
    assert key_depth(key) == (len(bits) - len(bits.lstrip("0"))) // 2


@given(st.binary(max_size=12), st.binary(max_size=12), st.binary(max_size=12))
@settings(deadline=None)
def test_shared_prefix_is_the_longest(common: bytes, left: bytes, right: bytes) -> None:
    left, right = common + left, common + right
    shared = shared_prefix(left, right)
    assert left[:shared] == right[:shared]
    assert left[: shared + 1] != right[: shared + 1] or shared == min(len(left), len(right))


def test_empty_node_has_the_published_bytes() -> None:
    assert encode(Node((), (), (None,))) == EMPTY


def test_node_bytes_agree_with_an_independent_encoder() -> None:
    node = Node((b"a/b1", b"a/b2"), (LEAF, LEAF), (CHILD, None, CHILD))
    expected = node_bytes(entry(k=b"a/b1"), entry(k=b"2", p=3, t=link(CHILD)), left=link(CHILD))
    assert encode(node) == expected


def test_reading_a_node_gives_back_what_was_written() -> None:
    _, blocks = tree_of(dict.fromkeys(KEYS, LEAF))
    for cid, block in blocks.items():
        node = decode_strict(cid, block)
        assert encode(node) == block
        assert (node.cid, node.block) == (cid, block)


def test_draft_with_one_gap_changed_seals_to_what_encoding_gives() -> None:
    _, blocks = tree_of(dict.fromkeys(KEYS, LEAF))
    for cid, block in blocks.items():
        node = decode(cid, block)
        for gap in range(len(node.subtrees)):
            draft = node.with_gap(gap, CHILD)
            draft.seal()
            assert draft.block == encode(draft)


def test_gap_that_shares_its_cid_with_a_record_is_encoded_in_full() -> None:
    node = Node((b"a/b",), (LEAF,), (None, LEAF))
    node.seal()
    draft = node.with_gap(1, CHILD)
    draft.seal()
    assert decode(draft.cid or b"", draft.block).values == (LEAF,)
    assert decode(draft.cid or b"", draft.block).subtrees == (None, CHILD)


def test_sealed_node_does_not_keep_the_one_it_came_from() -> None:
    node = Node((b"a/b",), (LEAF,), (None, LEAF))
    node.seal()
    draft = node.with_gap(1, CHILD)
    draft.seal()
    kept = [held for held in gc.get_referents(draft) if isinstance(held, Node | tuple)]
    assert all(node is not held and node not in gc.get_referents(held) for held in kept)


def test_wider_node_than_any_honest_one_is_not_written() -> None:
    keys = tuple(b"a/%05d" % number for number in range(MAX_ENTRIES + 1))
    with pytest.raises(MstError, match="entries"):
        encode(Node(keys, (LEAF,) * len(keys), (None,) * (len(keys) + 1)))


@pytest.mark.parametrize("key", [b"a/b", b"A0/374913", b"com.example.record/3jqf~_:-."])
def test_record_paths_are_keys(key: bytes) -> None:
    check_key(key)


@pytest.mark.parametrize(
    "key",
    [b"", b"a", b"a/", b"/b", b"a/b/c", b"a/b ", b"a/b\n", b"a/\xc3\xa9", b"a/" + b"b" * 1023],
)
def test_other_bytes_are_not_keys(key: bytes) -> None:
    with pytest.raises(MstError):
        check_key(key)


@pytest.mark.parametrize("cid", [b"", LEAF[:-1], LEAF + b"\0", b"\x01\x55" + LEAF[2:]])
def test_only_cids_of_dag_cbor_are_links(cid: bytes) -> None:
    with pytest.raises(MstError):
        check_cid(cid)


def test_strict_reader_takes_a_proper_node() -> None:
    assert read(node_bytes(entry())).keys == (b"a/b",)


BAD_NODES = {
    "field missing": cbor2.dumps({"e": []}, canonical=True),
    "another field": node_bytes(x=1),
    "entry field missing": node_bytes({"k": b"a/b", "p": 0, "v": link(LEAF)}),
    "another entry field": node_bytes(entry(x=None)),
    "entries no list": cbor2.dumps({"e": {}, "l": None}, canonical=True),
    "key is text": node_bytes(entry(k="a/b")),
    "key is a link": node_bytes(entry(k=link(LEAF))),
    "value missing": node_bytes(entry(v=None)),
    "value is bytes": node_bytes(entry(v=LEAF)),
    "value is of another codec": node_bytes(entry(v=link(b"\x01\x55" + LEAF[2:]))),
    "subtree is bytes": node_bytes(entry(t=CHILD)),
    "subtree is false": node_bytes(entry(t=False)),
    "left is a number": node_bytes(entry(), left=0),
    "prefix is negative": node_bytes(entry(), entry(k=b"/c", p=-2)),
    "prefix is true": node_bytes(entry(), entry(k=b"/c", p=True)),
    "prefix is too short": node_bytes(entry(), entry(k=b"/c", p=1)),
    "prefix is too long": node_bytes(entry(), entry(k=b"c/d", p=9)),
    "first key has a prefix": node_bytes(entry(p=1)),
    "trailing bytes": EMPTY + b"\0",
    "not a map": b"\x80",
    "nothing": b"",
    "long form of a number": node_bytes(entry()).replace(b"\x61p\x00", b"\x61p\x18\x00"),
}


@pytest.mark.parametrize("block", BAD_NODES.values(), ids=BAD_NODES.keys())
def test_strict_reader_refuses(block: bytes) -> None:
    with pytest.raises(MstError):
        read(block)


def test_strict_reader_refuses_a_block_that_hashes_to_another_cid() -> None:
    with pytest.raises(MstError, match="hash"):
        decode_strict(LEAF, EMPTY)


@given(st.binary(max_size=80))
@settings(deadline=None)
def test_random_bytes_are_refused_and_never_crash(block: bytes) -> None:
    if block != EMPTY:
        with pytest.raises(MstError):
            read(block)


@given(st.integers(0), st.integers(0, 255))
@settings(deadline=None)
def test_mutated_nodes_are_refused_or_canonical(position: int, byte: int) -> None:
    root, blocks = tree_of(dict.fromkeys(KEYS[:40], LEAF))
    block = bytearray(blocks[root])
    block[position % len(block)] = byte
    try:
        node = read(bytes(block))
    except MstError:
        return
    assert encode(node) == bytes(block)
    assert libipld.decode_dag_cbor(bytes(block))["e"]


@pytest.mark.parametrize(
    "block", [b"\x81" * 1_000_000, b"\x9b\x00\x00\x00\x00\x00\x10\x00\x00" * 100_000]
)
def test_nested_array_heads_are_refused_at_once(block: bytes) -> None:
    with pytest.raises(MstError, match=r"nested|more than"):
        decode_strict(of_dag_cbor(block), block)


@pytest.mark.parametrize("head", [b"\x81", b"\x98\xff", b"\xa1\x61a"])
def test_nesting_in_a_node_of_few_bytes_is_refused(head: bytes) -> None:
    with pytest.raises(MstError, match="not an MST node"):
        read(head * (2_000 // len(head)))


def test_keys_that_repeat_a_long_one_do_not_fill_the_memory() -> None:
    first = entry(k=b"a/" + b"b" * 500_000)
    block = node_bytes(first, *[entry(p=500_002, k=b"%d" % number) for number in range(900)])
    tracemalloc.start()
    with pytest.raises(MstError, match="more than 1024 bytes"):
        read(block)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("rest_bytes", [300, 600])
def test_keys_that_grow_from_entry_to_entry_are_refused(rest_bytes: int) -> None:
    rest = b"b" * rest_bytes
    steps = [entry(p=2 + rest_bytes * number, k=rest) for number in range(4)]
    with pytest.raises(MstError, match=r"more than 1024 bytes|not a record path"):
        read(node_bytes(entry(k=b"a/"), *steps))
