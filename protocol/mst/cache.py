"""A cache of decoded nodes, for one process.

A node is named by its hash and never changes once sealed, so an entry is never stale and one cache
serves every tree of every tenant. What it holds is never the truth, only a saved decode.
"""

from protocol.mst.node import Node


class NodeCache(dict[bytes, Node]):
    """At most `max_nodes` nodes by CID; when full, the older half goes.

    A node takes about 1 to 2 kB. Nodes enter as commits make or load them, so the oldest are those
    of repos that have been quiet longest. Reading is a plain dict look-up. Safe between CPython
    threads without a lock: every step on the dict is one call into C. (An iterator of it that lives
    from one call to the next is not: another thread changes the dict between the two.)
    """

    def __init__(self, max_nodes: int) -> None:
        super().__init__()
        self._max_nodes = max_nodes

    def __setitem__(self, cid: bytes, node: Node) -> None:
        """Keep a sealed node, making room first."""
        if len(self) >= self._max_nodes and cid not in self:
            for oldest in list(self)[: (self._max_nodes + 1) // 2]:
                self.pop(oldest, None)
        super().__setitem__(cid, node)
