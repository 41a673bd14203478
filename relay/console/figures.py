"""How fast events of hosts come at the moment, counted among the relay's newest."""

from typing import Final

from server.database import connection

LOOKED_AT: Final = 20_000  # events
SECONDS: Final = 60
_RATES: Final = """
    SELECT host_id, count(*) FROM relay_event
    WHERE seq > coalesce((SELECT last_seq FROM relay_counter WHERE relay_id = 1), 0) - %s
        AND created_at > now() - make_interval(secs => %s)
    GROUP BY host_id
"""


def events_a_minute() -> dict[int, int]:
    """Events that went on in the last minute, by the relay's id of the host; all together LOOKED_AT
    at the most."""
    return dict(connection.rows(_RATES, (LOOKED_AT, SECONDS)))
