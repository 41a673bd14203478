"""Collections of outside repos, from what the relay passed on and, once, from their hosts.

The events tell of what is written from now on. What was there before, a host says by
com.atproto.repo.describeRepo, which indigo's collectiondir asks too: it is a hint for who looks
for repos, and they verify what they then fetch. Where a host does not say, or leaves out what was
heard of, the repo itself is read (`backfill`). That the last record of a collection is deleted is
not noticed.
"""

import time
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Final
from urllib.parse import urlencode

import libipld
from django.db import transaction

from protocol import syntax
from protocol.untrusted_input import bounded_json
from relay.hosts import names
from server.database import connection
from server.net import http_client

BATCH: Final = 500  # events at once
TIMEOUT_S: Final = 5.0
ASKED: Final = 20  # hosts in one go, one after the other
GO_S: Final = 20.0  # for which a go begins to ask
ANSWER_BYTES: Final = 262_144
COLLECTIONS: Final = 1_000  # of a repo, about; others are left out
TRIES: Final = 5
_UNSERVED: Final = (404, 405, 501)

_MARK: Final = """
    INSERT INTO relay_directory_mark (id) VALUES (1) ON CONFLICT (id) DO NOTHING RETURNING id
"""
_LOCK: Final = "SELECT seq FROM relay_directory_mark WHERE id = 1 FOR UPDATE SKIP LOCKED"
_NEWEST: Final = "SELECT last_seq FROM relay_counter WHERE relay_id = 1"
_EVENTS: Final = """
    SELECT e.seq, a.id, e.seq_at, e.body
    FROM relay_event e
    JOIN relay_host h ON h.id = e.host_id AND h.inside_id IS NULL
    JOIN relay_account a ON a.did = e.did
    WHERE e.seq > %s AND e.seq <= %s AND e.kind = 1 ORDER BY e.seq LIMIT %s
"""
_PUT: Final = f"""
    WITH heard AS (SELECT * FROM unnest(%s::bigint[], %s::text[]) n (id, collection)),
    with_room AS (
        SELECT a.id FROM relay_account a WHERE a.id IN (SELECT id FROM heard) AND (
            SELECT count(*) FROM relay_collection c WHERE c.account_id = a.id
        ) < {COLLECTIONS}
    )
    INSERT INTO relay_collection (account_id, collection)
    SELECT id, collection FROM heard JOIN with_room USING (id)
    ON CONFLICT DO NOTHING RETURNING id
"""  # noqa: S608 - constants only
_HEARD_OF: Final = """
    INSERT INTO relay_described_repo (account_id, ask_at)
    SELECT id, now() FROM unnest(%s::bigint[]) n (id)
    ON CONFLICT DO NOTHING RETURNING account_id
"""
_MOVE: Final = "UPDATE relay_directory_mark SET seq = %s WHERE id = 1 RETURNING id"
# Whoever takes them has five minutes; then they are asked again.
_CLAIM: Final = """
    UPDATE relay_described_repo d SET ask_at = now() + interval '5 minutes'
    FROM relay_account a JOIN relay_host h ON h.id = a.host_id
    WHERE a.id = d.account_id AND d.account_id IN (
        SELECT w.account_id FROM relay_described_repo w
        JOIN relay_account o ON o.id = w.account_id
        JOIN relay_host s ON s.id = o.host_id AND s.status <> 'banned'
        WHERE w.ask_at <= now() AND NOT w.by_car
        ORDER BY w.ask_at LIMIT %s FOR UPDATE OF w SKIP LOCKED
    )
    RETURNING d.account_id, a.did, h.hostname
"""
_DONE: Final = """
    UPDATE relay_described_repo SET ask_at = NULL, read_until = NULL
    WHERE account_id = %s RETURNING 1
"""
_LATER: Final = f"""
    UPDATE relay_described_repo SET failures = failures + 1, read_until = NULL, ask_at = CASE
        WHEN failures + 1 < {TRIES} THEN now() + interval '1 minute' * power(4, failures) END
    WHERE account_id = %s RETURNING ask_at
"""  # noqa: S608 - constants only
_BY_CAR: Final = """
    UPDATE relay_described_repo SET by_car = true, ask_at = now(), failures = 0
    WHERE account_id = %s RETURNING 1
"""
_IS_HEARD_OF_MORE: Final = """
    SELECT FROM relay_collection WHERE account_id = %s AND collection <> ALL (%s) LIMIT 1
"""


def hear() -> int:
    """Take the next of the relay's events into the directory; of how many outside commits.

    May run twice at once: then the other one does nothing."""
    with transaction.atomic():
        connection.rows(_MARK, ())
        mark, newest = connection.row(_LOCK, ()), connection.row(_NEWEST, ())
        if mark is None or newest is None or newest[0] <= mark[0]:
            return 0
        rows = connection.rows(_EVENTS, (mark[0], newest[0], BATCH))
        pairs = _few({pair for row in rows for pair in _written(*row[1:])})
        connection.rows(_PUT, ([key for key, _ in pairs], [name for _, name in pairs]))
        connection.rows(_HEARD_OF, (sorted({row[1] for row in rows}),))
        connection.row(_MOVE, (rows[-1][0] if len(rows) == BATCH else newest[0],))
    return len(rows)


def ask_hosts() -> None:
    """Ask the hosts of accounts that are new here what collections their repos have."""
    begun_at = time.monotonic()
    for account_id, did, hostname in connection.rows(_CLAIM, (ASKED,)):
        if time.monotonic() - begun_at > GO_S:
            return  # the others come again when their time is over
        try:
            found = _described(did, hostname)
        except _NotServed:
            connection.row(_BY_CAR, (account_id,))
            continue
        if found is not None:
            is_all = connection.row(_IS_HEARD_OF_MORE, (account_id, found)) is None
            put(account_id, found)
        else:
            is_all = put_off(account_id)  # for now
        if not is_all:
            connection.row(_BY_CAR, (account_id,))


def put(account_id: int, found: list[str]) -> None:
    """Take a repo's collections into the directory; nobody is asked for them any more."""
    with transaction.atomic():
        connection.rows(_PUT, ([account_id] * len(found), found))
        connection.row(_DONE, (account_id,))


def put_off(account_id: int) -> bool:
    """Ask for a repo's collections later, after a growing pause; False when that was the last
    try."""
    row = connection.row(_LATER, (account_id,))
    return row is not None and row[0] is not None


def _written(account_id: int, seq_at: int, body: bytes) -> list[tuple[int, str]]:
    """The collections that a commit wrote to."""
    ops = libipld.decode_dag_cbor(body[:seq_at] + b"\0" + body[seq_at:])["ops"]
    return [(account_id, op["path"].partition("/")[0]) for op in ops if op["action"] != "delete"]


def _few(pairs: set[tuple[int, str]]) -> list[tuple[int, str]]:
    """COLLECTIONS of each account at the most, in order."""
    of_accounts = groupby(sorted(pairs), key=itemgetter(0))
    return [pair for _, found in of_accounts for pair in islice(found, COLLECTIONS)]


class _NotServed(Exception):
    """The host does not serve describeRepo."""


def _described(did: str, hostname: str) -> list[str] | None:
    """What a host says that a repo has; None when it says nothing of use. Raises _NotServed."""
    query = urlencode({"repo": did})
    try:
        answer = http_client.request(
            "GET",
            f"{names.origin(hostname)}/xrpc/com.atproto.repo.describeRepo?{query}",
            timeout_s=TIMEOUT_S,
            max_bytes=ANSWER_BYTES,
        )
        said: Any = bounded_json.loads(answer.body) if answer.status == 200 else None
    except (http_client.RequestFailed, ValueError):
        return None
    if answer.status in _UNSERVED:
        raise _NotServed
    listed = said.get("collections") if isinstance(said, dict) else None
    if not isinstance(listed, list):
        return None
    known = {each for each in listed if type(each) is str and syntax.is_collection(each)}
    return sorted(known)[:COLLECTIONS]
