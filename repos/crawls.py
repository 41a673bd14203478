"""Asking relays to read our firehoses (com.atproto.sync.requestCrawl); rows say how it went.

A relay forgets a host that was silent, or that it could not reach. So whenever a host has said
something since it last asked, and at most once in PERIOD a relay, it asks again: on the first event
after a start or a long silence, and now and then while it goes on. Nothing of this is on the way of
a write: a periodic task compares each host's counter with its rows. Source: the lexicon;
atproto.com/specs/sync, "Crawling".
"""

from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import orjson
from django.conf import settings

from hosting import database, outgoing
from hosting.outgoing import TimedOut, Unreachable

PERIOD: Final = timedelta(minutes=20)
_HOSTS_A_ROUND: Final = 50  # a relay; the others' turn is the next round
_TIMEOUT_S: Final = 5.0
_MAX_ERROR: Final = 300
_OK: Final = 200
_HEADERS: Final = {"Content-Type": "application/json"}

_DUE = """
    SELECT h.id, h.origin, c.last_seq FROM host h
    JOIN event_counter c ON c.host_id = h.id
    LEFT JOIN crawl_ping p ON p.host_id = h.id AND p.relay = %(relay)s
    WHERE p.id IS NULL
        OR (p.last_asked_at < now() - %(period)s AND (p.state <> 'asked' OR p.seq < c.last_seq))
    ORDER BY p.last_asked_at NULLS FIRST, h.id LIMIT %(limit)s
"""
# Of several that try at the same moment one gets the row back, and asks.
_CLAIM = """
    INSERT INTO crawl_ping AS p (host_id, relay, last_asked_at, state, seq, last_error)
    VALUES (%(host)s, %(relay)s, now(), 'asking', %(seq)s, '')
    ON CONFLICT (host_id, relay) DO UPDATE
        SET last_asked_at = now(), state = 'asking', seq = excluded.seq
        WHERE p.last_asked_at < now() - %(period)s
    RETURNING id
"""
_RECORD = "UPDATE crawl_ping SET state = %s, last_error = %s WHERE id = %s RETURNING id"


def ask_for_crawls() -> int:
    """Ask every relay for every host that is due; returns how many were asked. May run twice."""
    return sum(_ask_relay(relay) for relay in settings.CRAWLERS)


def _ask_relay(relay: str) -> int:
    """One relay's round; the first failure ends it, so that a relay that is down costs little."""
    asked = 0
    due = {"relay": relay, "period": PERIOD, "limit": _HOSTS_A_ROUND}
    for host_id, origin, seq in database.rows(_DUE, due):
        claim = {"host": host_id, "relay": relay, "seq": seq, "period": PERIOD}
        claimed = database.row(_CLAIM, claim)
        if claimed is None:
            continue
        failure = _request_crawl(relay, urlsplit(origin).netloc)
        state = "failed" if failure else "asked"
        database.row(_RECORD, (state, failure[:_MAX_ERROR], claimed[0]))
        if failure:
            break
        asked += 1
    return asked


def _request_crawl(relay: str, hostname: str) -> str:
    """Ask; what went wrong, or "" when nothing did."""
    url = f"{relay}/xrpc/com.atproto.sync.requestCrawl"
    body = orjson.dumps({"hostname": hostname})
    try:
        answer = outgoing.request_configured(
            "POST", url, body=body, headers=_HEADERS, timeout_s=_TIMEOUT_S
        )
    except (Unreachable, TimedOut) as failure:
        return f"{type(failure).__name__}: {failure}"
    if answer.status == _OK:
        return ""
    return f"{answer.status} {answer.body.decode(errors='replace')}"
