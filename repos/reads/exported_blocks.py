"""Blocks of a full export, each once, from the tables as they lie.

Two records with the same value are one block, and a record that came with an import may even be the
bytes of a node. Up to COUNTED_RECORDS the CIDs that were sent are kept in memory, some 180 bytes
each. A larger repo has Postgres look for CIDs that several records share before it begins to send:
in the memory of one sort or hash, on its disk beyond that. Costs, and why the order is not that of
the tree: docs/decisions/0012.
"""

from collections.abc import Iterator
from operator import itemgetter
from typing import Final

import psycopg

from protocol import car
from protocol.cid import LENGTH_BYTES
from repos.state.long_reads import stream

COUNTED_RECORDS: Final = 50_000  # and their nodes: 12 MB
# A chunk has 4 MB at the most: so many rows of up to _LARGE_BYTES. Larger records come in the end
# and one by one. Nodes are small by nature.
_ROWS_A_CHUNK: Final = 500
_LARGE_BYTES: Final = 8_192
_NODES = "SELECT cid || data FROM node WHERE repo_id = $1 AND rev > $2"
_SMALL = f"CASE WHEN octet_length(data) <= {_LARGE_BYTES} THEN cid || data END"
# All nodes begin with these bytes, and next to no records: only those are looked up.
_IS_NO_NODE = """NOT (substr(r.data, 1, 3) = '\\xa26165'::bytea AND EXISTS (
    SELECT FROM node n WHERE n.repo_id = $1 AND n.rev > $2 AND n.cid = r.cid))"""
_AS_THEY_LIE = f"""
    {_NODES}
    UNION ALL
    SELECT {_SMALL} FROM record WHERE repo_id = $1 AND rev > $2
"""  # noqa: S608 - constants only
_EACH_ONCE = f"""
    WITH shared AS MATERIALIZED (
        SELECT cid FROM record WHERE repo_id = $1 AND rev > $2 GROUP BY cid HAVING count(*) > 1)
    {_NODES}
    UNION ALL
    SELECT {_SMALL} FROM record r WHERE repo_id = $1 AND rev > $2
        AND NOT EXISTS (SELECT FROM shared s WHERE s.cid = r.cid) AND {_IS_NO_NODE}
    UNION ALL
    SELECT {_SMALL} FROM (
        SELECT DISTINCT ON (cid) cid, data FROM record r JOIN shared USING (cid)
        WHERE repo_id = $1 AND rev > $2 AND {_IS_NO_NODE} ORDER BY cid) s
"""  # noqa: S608 - constants only
_LARGE_AS_THEY_LIE = f"""
    SELECT cid || data FROM record
    WHERE repo_id = $1 AND rev > $2 AND octet_length(data) > {_LARGE_BYTES}
"""  # noqa: S608 - constants only
_LARGE_EACH_ONCE = f"""
    SELECT r.cid || r.data FROM (
        SELECT DISTINCT ON (cid) repo_id, collection, rkey FROM record r
        WHERE repo_id = $1 AND rev > $2 AND octet_length(data) > {_LARGE_BYTES}
            AND {_IS_NO_NODE} ORDER BY cid) large
    JOIN record r USING (repo_id, collection, rkey)
"""  # noqa: S608 - constants only
_cid_of = itemgetter(slice(LENGTH_BYTES))


def since(
    connection: psycopg.Connection, repo_id: int, rev: str, record_count: int
) -> Iterator[bytes]:
    """Frames of a CAR, some 500 blocks a chunk: what came into the tree after `rev`; "": all.

    `record_count` is the repo's, as the connection's snapshot has it.
    """
    params = (str(repo_id).encode(), rev.encode())
    is_counted = record_count <= COUNTED_RECORDS
    small, large = (
        (_AS_THEY_LIE, _LARGE_AS_THEY_LIE) if is_counted else (_EACH_ONCE, _LARGE_EACH_ONCE)
    )
    sent, has_large = Sent(), False
    for result in stream(connection, small, params, _ROWS_A_CHUNK):
        rows = [result.get_value(row, 0) for row in range(result.ntuples)]
        sections = [section for section in rows if section is not None]
        has_large = has_large or len(sections) < len(rows)
        yield car.frames(sent.new_of(sections) if is_counted else sections)
    if has_large:
        for result in stream(connection, large, params, 1):
            sections = [result.get_value(0, 0) or b""]
            yield car.frames(sent.new_of(sections) if is_counted else sections)


class Sent(set[bytes]):
    """The CIDs of the blocks that were sent."""

    def new_of(self, sections: list[bytes]) -> list[bytes]:
        """The sections, CID and data, that were not sent before, each once; now they were."""
        cids = list(map(_cid_of, sections))
        if self.isdisjoint(cids):
            before = len(self)
            self.update(cids)
            if len(self) - before == len(cids):
                return sections
            return list(dict(zip(cids, sections, strict=True)).values())
        pairs = zip(cids, sections, strict=True)
        new = {block_cid: section for block_cid, section in pairs if block_cid not in self}
        self.update(new)
        return list(new.values())
