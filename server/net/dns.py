"""DNS TXT look-ups, bounded in time: the machine's name servers, or the ones in the settings.

Source: RFC 1035. Handles (`_atproto.`) and lexicon authorities (`_lexicon.`) put their DIDs there.
"""

from collections.abc import Sequence
from functools import cache
from urllib.parse import urlsplit

import dns.exception
import dns.nameserver
import dns.resolver
from django.conf import settings

_DNS_PORT = 53


class NoAnswer(Exception):
    """The name servers could not find out: nothing is known."""


class TimedOut(NoAnswer):
    """They did not even answer, so they will know no address either."""


def values(name: str) -> list[str]:
    """The TXT records of a name, each with its pieces joined; none when there is no such name.

    Raises NoAnswer, TimedOut after `settings.RESOLVE_TIMEOUT_S`.
    """
    return _ask(_resolver(tuple(settings.DNS_SERVERS)), name)


def backup_values(name: str) -> list[str]:
    """The same from the backup name servers; none when there are no such servers."""
    servers = tuple(settings.DNS_BACKUP_SERVERS)
    return _ask(_resolver(servers), name) if servers else []


def _ask(resolver: dns.resolver.Resolver, name: str) -> list[str]:
    try:
        answer = resolver.resolve(
            name.rstrip(".") + ".", "TXT", lifetime=settings.RESOLVE_TIMEOUT_S, search=False
        )
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.YXDOMAIN):
        return []
    except dns.exception.Timeout as reason:
        raise TimedOut(f"{name}: {reason}") from reason
    except dns.exception.DNSException as failure:
        raise NoAnswer(f"{name}: {failure}") from failure
    return [b"".join(record.strings).decode(errors="replace") for record in answer]


@cache
def _resolver(servers: Sequence[str]) -> dns.resolver.Resolver:
    """The resolver that asks these servers; the machine's own ones when none are given."""
    if not servers:
        return dns.resolver.Resolver()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [name_server(server) for server in servers]
    return resolver


def name_server(text: str) -> dns.nameserver.Nameserver:
    """`192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`."""
    if text.count(":") > 1 and not text.startswith("["):
        return dns.nameserver.Do53Nameserver(text, _DNS_PORT)
    parts = urlsplit(f"//{text}")
    return dns.nameserver.Do53Nameserver(parts.hostname or "", parts.port or _DNS_PORT)
