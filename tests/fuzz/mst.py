"""Untrusted trees: nodes of any content, linked into one tree whose hashes are right.

An input is nodes, last first, each with two bytes of length. A CID that ends in zeros and a number
means the node of that number, so that a mutation below does not break the links above.
"""

import re

from protocol import cid, mst
from protocol.event_stream.frames import RepoOp
from protocol.mst.difference import Difference
from protocol.repo import inversion

_MARK = re.compile(re.escape(cid.DAG_CBOR_PREFIX) + rb"\0{31}(.)", re.DOTALL)
_RECORD = cid.of_dag_cbor(b"\xa0")
_KEYS = [f"com.example.thing/{number:04}".encode() for number in range(200)]
_OURS = mst.build([(key, _RECORD) for key in _KEYS])
_OPS = [
    RepoOp("create", _KEYS[3].decode(), _RECORD),
    RepoOp("delete", "com.example.thing/none", None, _RECORD),
    RepoOp("update", _KEYS[90].decode(), _RECORD, _RECORD),
]


def _seed(keys: list[bytes]) -> bytes:
    """A real tree in the form that `check` reads."""
    root, blocks = mst.build([(key, _RECORD) for key in keys])
    order = [node for node, _ in mst.Tree(root, blocks).walk() if node in blocks][::-1]
    marks = {node: _mark(number) for number, node in enumerate(order)}
    written = []
    for node in order:
        block = blocks[node]
        for name, mark in marks.items():
            block = block.replace(name, mark)
        written.append(len(block).to_bytes(2, "big") + block)
    return b"".join(written)


def _mark(number: int) -> bytes:
    return cid.DAG_CBOR_PREFIX + bytes(31) + bytes([number % 256])


_SLICES = (_KEYS[:0], _KEYS[:1], _KEYS[:9], _KEYS[5:65])
SEEDS = tuple(_seed(keys) for keys in _SLICES)


def check(data: bytes) -> None:
    """Whatever is accepted is exactly the tree that its items make."""
    root, blocks = _linked(data)
    for read in (mst.partial, _verified, _difference, _inverted):
        try:
            read(root, blocks)
        except (mst.MstError, mst.MissingBlock):
            continue


def _linked(data: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    cids: list[bytes] = []
    blocks = {}
    at = 0
    while at + 2 <= len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        block = _MARK.sub(lambda found: _named(cids, found), data[at + 2 : end])
        cids.append(cid.of_dag_cbor(block))
        blocks[cids[-1]] = block
        at = end
    return (cids[-1] if cids else cid.of_dag_cbor(b"")), blocks


def _named(cids: list[bytes], found: "re.Match[bytes]") -> bytes:
    number = found[1][0]
    return cids[number] if number < len(cids) else found[0]


def _verified(root: bytes, blocks: dict[bytes, bytes]) -> None:
    items = mst.verify(root, blocks)
    assert mst.build(items)[0] == root
    assert list(mst.Tree(root, blocks).items()) == items


def _difference(root: bytes, blocks: dict[bytes, bytes]) -> None:
    list(Difference(*_OURS, root, blocks).changes())


def _inverted(root: bytes, blocks: dict[bytes, bytes]) -> None:
    inversion.invert(blocks, root, _OPS)
