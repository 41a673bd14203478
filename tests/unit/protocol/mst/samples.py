"""Keys, record CIDs and histories that the tree's tests draw from."""

from hashlib import sha256

from hypothesis import strategies as st

from protocol.mst import Tree, build, key_depth

CID_PREFIX = b"\x01\x71\x12\x20"

# Enough keys that some lie three and four layers up, few enough that histories meet again.
KEYS = [
    f"{collection}/{number:05d}".encode()
    for collection in ("app.bsky.feed.like", "com.example.record")
    for number in range(300)
]

# Few enough that histories remove what they put, and rich in high keys, so that nodes split, join
# and stand without keys.
CROWD = [key for key in KEYS if key_depth(key) >= 2] + KEYS[:30]

Records = dict[bytes, bytes]
# A change is a key and its new record, or None to remove it.
Change = tuple[bytes, bytes | None]


def record_cid(number: int) -> bytes:
    """The CID of the sample record with this number."""
    return CID_PREFIX + sha256(b"record %d" % number).digest()


def tree_of(records: Records) -> tuple[bytes, dict[bytes, bytes]]:
    """Root and node blocks of the tree with these records."""
    return build(sorted(records.items()))


def apply(tree: Tree, model: Records, changes: list[Change]) -> None:
    """Make the same changes in a tree and in a dict; removing what is not there is left out."""
    for key, cid in changes:
        if cid is not None:
            tree.put(key, cid)
            model[key] = cid
        elif key in model:
            tree.delete(key)
            del model[key]


keys = st.sampled_from(CROWD)
cids = st.builds(record_cid, st.integers(0, 3))
records = st.dictionaries(keys, cids, max_size=60)
changes = st.lists(st.tuples(keys, st.none() | cids), min_size=1, max_size=12)
histories = st.lists(changes, min_size=1, max_size=8)
