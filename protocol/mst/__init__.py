"""The Merkle search tree: the sorted map of record paths to record CIDs that a commit signs.

Source: atproto.com/specs/repository, "MST Structure". A key is the bytes of `collection/rkey`, a
value the CID of a record, both raw bytes. The same content gives the same root whatever its
history, so a tree can be compared, proved and undone by its root alone.

Reading order: `node` (what is hashed), `edit` (how a tree changes), `tree` (the interface), `bulk`
(a tree from sorted records), `verify` (an untrusted tree).
"""

from protocol.mst.bulk import build
from protocol.mst.cache import NodeCache
from protocol.mst.node import MissingBlock, MstError, Node, decode_strict, key_depth
from protocol.mst.tree import Tree
from protocol.mst.verify import partial, verify

__all__ = [
    "MissingBlock",
    "MstError",
    "Node",
    "NodeCache",
    "Tree",
    "build",
    "decode_strict",
    "key_depth",
    "partial",
    "verify",
]
