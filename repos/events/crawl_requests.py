"""Crawl requests to relays (com.atproto.sync.requestCrawl); rows say how they went.

A relay forgets a host that was silent, or that it could not reach, and starts a new one where it
stands. So a host asks, once it has something to say, for the first time at once, later when it has
not asked since this process started or for PERIOD; and without a new event when a reader that was
there for a while has gone (a relay does not introduce itself, so it may have been one), and after a
failure, at growing pauses. Nothing of this is on the way of a write: a periodic task compares each
host's counter with its rows. Source: the lexicon; atproto.com/specs/sync, "Crawling".
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from django.conf import settings

from hosting.models import Host, signals
from server.database import connection
from server.net import http_client
from server.net.http_client import TimedOut, Unreachable

PERIOD: Final = timedelta(minutes=20)
PAUSE: Final = timedelta(minutes=1)  # between two requests at the least; it doubles with failures
STARTED_AT: Final = datetime.now(UTC)
_HOSTS_A_ROUND: Final = 50  # a relay; the others' turn is the next round
TIMEOUT_S: Final = 5.0
_MAX_ERROR: Final = 300
_MAX_FAILURES: Final = 30  # counted
_OK: Final = 200
_HEADERS: Final = {"Content-Type": "application/json"}

_PAUSE_IS_OVER = """
    p.last_asked_at <= now() - least(%(period)s, %(pause)s * (2 ^ greatest(p.failures - 1, 0)))
"""
# A relay that is down is left alone for a moment, whichever host it was that noticed.
_DUE = f"""
    SELECT h.id, h.origin, c.last_seq FROM host h
    JOIN event_counter c ON c.host_id = h.id
    LEFT JOIN crawl_ping p ON p.host_id = h.id AND p.relay = %(relay)s
    WHERE (p.id IS NULL OR ({_PAUSE_IS_OVER} AND (
        p.state <> 'asked' OR p.is_wanted OR (p.seq < c.last_seq
            AND (p.last_asked_at < now() - %(period)s OR p.last_asked_at < %(started_at)s)))))
        AND NOT EXISTS (SELECT FROM crawl_ping f WHERE f.relay = %(relay)s AND f.state = 'failed'
            AND f.last_asked_at > now() - interval '15 seconds')
    ORDER BY p.last_asked_at NULLS FIRST, h.id LIMIT %(limit)s
"""  # noqa: S608 - constants only
# Of several that try at the same moment one gets the row back, and asks.
_CLAIM = f"""
    INSERT INTO crawl_ping AS p (host_id, relay, last_asked_at, state, seq, last_error)
    VALUES (%(host)s, %(relay)s, now(), 'asking', %(seq)s, '')
    ON CONFLICT (host_id, relay) DO UPDATE
        SET last_asked_at = now(), state = 'asking', seq = excluded.seq, is_wanted = false
        WHERE {_PAUSE_IS_OVER}
    RETURNING id
"""  # noqa: S608 - constants only
_RECORD = """
    UPDATE crawl_ping SET state = %(state)s, last_error = %(failure)s,
        failures = CASE %(state)s WHEN 'asked' THEN 0 ELSE least(failures + 1, %(most)s) END
    WHERE id = %(id)s RETURNING id
"""
_LAST_SEQ = "SELECT last_seq FROM event_counter WHERE host_id = %s"


def connect() -> None:
    """Hear `manage.py host`; called once when Django is ready."""
    signals.crawl_requested.connect(
        on_requested, dispatch_uid="repos.events.crawl_requests.on_requested"
    )


def on_requested(host: Host, **_: Any) -> dict[str, str]:
    """Ask every relay for a host now, whenever it was asked before: by relay what went wrong, or ""
    when nothing did."""
    found = connection.row(_LAST_SEQ, (host.pk,))
    seq = found[0] if found else 0
    return {
        relay: _ask(relay, host.pk, host.origin, seq, timedelta()) or ""
        for relay in settings.CRAWLERS
    }


def ask_for_crawls() -> int:
    """Ask every relay for every host that is due; returns how many were asked. May run twice."""
    return sum(_ask_relay(relay) for relay in settings.CRAWLERS)


def _ask_relay(relay: str) -> int:
    """One relay's round; the first failure ends it, so that a relay that is down costs little."""
    asked = 0
    due = {"relay": relay, "limit": _HOSTS_A_ROUND, "started_at": STARTED_AT}
    for host_id, origin, seq in connection.rows(_DUE, {**due, "period": PERIOD, "pause": PAUSE}):
        failure = _ask(relay, host_id, origin, seq, PAUSE)
        if failure:
            break
        asked += failure is not None
    return asked


def _ask(relay: str, host_id: int, origin: str, seq: int, pause: timedelta) -> str | None:
    """Ask and write down what came of it: "" or the failure; None when another just does."""
    claim = {"host": host_id, "relay": relay, "seq": seq, "period": PERIOD, "pause": pause}
    claimed = connection.row(_CLAIM, claim)
    if claimed is None:
        return None
    failure = _request_crawl(relay, urlsplit(origin).netloc)[:_MAX_ERROR]
    state = "failed" if failure else "asked"
    facts = {"state": state, "failure": failure, "most": _MAX_FAILURES, "id": claimed[0]}
    connection.row(_RECORD, facts)
    return failure


def _request_crawl(relay: str, hostname: str) -> str:
    """Ask; what went wrong, or "" when nothing did."""
    url = f"{relay}/xrpc/com.atproto.sync.requestCrawl"
    body = orjson.dumps({"hostname": hostname})
    try:
        answer = http_client.request_configured(
            "POST", url, body=body, headers=_HEADERS, timeout_s=TIMEOUT_S
        )
    except (Unreachable, TimedOut) as failure:
        return f"{type(failure).__name__}: {failure}"
    if answer.status == _OK:
        return ""
    return f"{answer.status} {answer.body.decode(errors='replace')}"
