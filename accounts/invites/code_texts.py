"""An invite code as JSON, made by Postgres: for lists that a request waits for on the event loop.

Source: com.atproto.server.defs#inviteCode; what xrpc.com_atproto.invite_views makes of a model.
"""

from typing import Any, Final

import orjson


def _time(column: str) -> str:
    return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""


_USES: Final = f"""
    coalesce((SELECT json_agg(json_build_object('usedBy', u.used_by, 'usedAt', {_time("u.used_at")})
        ORDER BY u.id) FROM invite_use u WHERE u.code_id = c.id), '[]')
"""  # noqa: S608 - constants only
# Of a code `c`; null where a join found none.
JSON: Final = f"""
    CASE WHEN c.id IS NOT NULL THEN json_build_object('code', c.code,
        'available', c.available_count, 'disabled', c.is_disabled, 'forAccount', c.for_account,
        'createdBy', c.created_by, 'createdAt', {_time("c.created_at")}, 'uses', {_USES})::text END
"""


def read(text: bytes) -> Any:
    """What such a text says."""
    return orjson.loads(text)  # noqa: TID251 - Postgres made it
