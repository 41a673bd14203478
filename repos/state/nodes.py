"""The node store of a repo's tree: this process's cache, the last event, the table.

Nodes are named by their hashes, so nothing here can be stale. What is missing everywhere was
removed by a commit that ran meanwhile: the tree raises MissingBlock and its reader starts over.
"""

from collections.abc import Iterable

from protocol.event_stream import frames
from protocol.event_stream.frames import Body
from protocol.mst import NodeCache
from server.database import connection

# A node takes 1 to 3 kB: at most about 50 MB in each process.
CACHE = NodeCache(max_nodes=16_384)

_NODE = "SELECT data FROM node WHERE repo_id = %s AND cid = %b"


class NodeSource(dict[bytes, bytes]):
    """One repo's node blocks by CID, fetched as they are asked for.

    `last_commit` is the stored body of the repo's newest #commit, or None. Its CAR slice holds the
    nodes that the next write most likely needs; it is taken apart when the first one is missing.
    """

    def __init__(self, repo_id: int, last_commit: Body | None = None) -> None:
        super().__init__()
        self._repo_id = repo_id
        self._last_commit = last_commit

    def __missing__(self, cid: bytes) -> bytes:
        """Look a node up; KeyError when the repo has none of that CID any more."""
        if self._last_commit is not None:
            self.update(frames.blocks_of(self._last_commit))
            self._last_commit = None
            if cid in self:
                return self[cid]
        found = connection.row(_NODE, (self._repo_id, cid))
        if found is None:
            raise KeyError(cid)
        block: bytes = found[0]
        self[cid] = block
        return block


def forget(cids: Iterable[bytes]) -> None:
    """Make room at once: these nodes have left their tree, and no tree of another repo has them
    often enough to keep them for it."""
    for cid in cids:
        CACHE.pop(cid, None)
