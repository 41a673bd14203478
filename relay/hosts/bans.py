"""Domains that the relay does not read.

Bans change and hosts are admitted one after the other (`take_turns`): otherwise a host that was
looked at before a ban and stored after it would be read.
"""

from typing import Final

from django.db import transaction

from relay.models import DomainBan
from server.database import connection

_TAKE_TURNS: Final = "LOCK TABLE relay_domain_ban IN SHARE ROW EXCLUSIVE MODE"
_IS_BELOW: Final = """
    split_part(h.hostname, ':', 1) = b.domain
    OR right(split_part(h.hostname, ':', 1), length(b.domain) + 1) = '.' || b.domain
"""
_BAN: Final = f"""
    UPDATE relay_host h SET status = 'banned', connected_at = NULL, changed_at = now()
    FROM relay_domain_ban b WHERE b.domain = %s AND h.inside_id IS NULL AND ({_IS_BELOW})
    RETURNING h.id
"""  # noqa: S608 - constants only
_LIFT: Final = f"""
    UPDATE relay_host h SET status = 'offline', is_crawl_wanted = true, retry_at = NULL,
        connected_at = NULL, changed_at = now()
    WHERE h.status = 'banned' AND NOT EXISTS (SELECT FROM relay_domain_ban b WHERE {_IS_BELOW})
    RETURNING h.id
"""  # noqa: S608 - constants only


def is_banned(hostname: str) -> bool:
    """Whether a host's domain, or one above it, is banned."""
    labels = hostname.partition(":")[0].lower().split(".")
    above = [".".join(labels[start:]) for start in range(len(labels))]
    return DomainBan.objects.filter(domain__in=above).exists()


def take_turns() -> None:
    """Let no ban begin or end, and nobody else be admitted, before the running transaction ends."""
    connection.execute(_TAKE_TURNS, ())


@transaction.atomic
def ban(domain: str, reason: str = "") -> None:
    """Read a domain's hosts no more; those that are read now are hung up on within seconds."""
    take_turns()
    name = domain.strip().lower().strip(".")
    DomainBan.objects.update_or_create(domain=name, defaults={"reason": reason})
    connection.rows(_BAN, (name,))


@transaction.atomic
def lift(domain: str) -> None:
    """Allow a domain again; its hosts are read from where they were left."""
    take_turns()
    DomainBan.objects.filter(domain=domain.strip().lower().strip(".")).delete()
    connection.rows(_LIFT, ())
