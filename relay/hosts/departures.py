"""Hosts of ours that are no more, since their tenant left whole: an outside host has the name next.

It is read as any other, so that whoever follows the relay hears of the accounts where they are now.
That waits until all that the host said here is in the relay's stream.
"""

from typing import Final

from django.db import transaction

from relay.hosts import allowances, bans
from relay.models import RelayHost
from server.database import connection

Status = RelayHost.Status
# The numbers of whoever has the name next are others.
_RELEASE: Final = """
    UPDATE relay_host r SET inside_id = NULL, seq = NULL, account_count = (
        SELECT count(*) FROM relay_account a WHERE a.host_id = r.id
    )
    WHERE r.inside_id IS NOT NULL AND NOT EXISTS (SELECT FROM host h WHERE h.id = r.inside_id)
        AND NOT EXISTS (
            SELECT FROM event e WHERE e.host_id = r.inside_id AND (e.position IS NULL OR
                e.position > (SELECT inside_position FROM relay_counter WHERE relay_id = 1))
        )
    RETURNING r.id, r.hostname
"""


@transaction.atomic
def release() -> None:
    """Let go of the hosts that are ours no more; what they may do is what a new host may."""
    bans.take_turns()
    for host_id, name in connection.rows(_RELEASE, ()):
        is_trusted = allowances.is_trusted_name(name)
        RelayHost.objects.filter(pk=host_id).update(
            is_trusted=is_trusted,
            account_limit=allowances.account_limit(is_trusted=is_trusted),
            status=Status.BANNED if bans.is_banned(name) else Status.IDLE,
        )
