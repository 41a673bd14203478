"""DNS look-ups on the event loop: a slow name server holds no thread.

Only for names that untrusted parties chose. They are public names, so the name servers are asked
and no search list or hosts file; `localhost` and names below it are loopback (RFC 6761 section
6.3).
"""

import ipaddress
from functools import cache

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver

from server.net.async_http.errors import Unreachable

LOOK_UP_S = 5.0
_LOOPBACK = ["127.0.0.1", "::1"]
_REMEMBERED_MAX = 10_000


async def look_up(name: str) -> list[str]:
    """All addresses of a host name, or the address that it is. Raises Unreachable."""
    if is_address(name):
        return [name]
    if name == "localhost" or name.endswith(".localhost"):
        return _LOOPBACK
    try:
        found = await _resolver().resolve_name(dns.name.from_text(name), lifetime=LOOK_UP_S)
    except (dns.exception.DNSException, OSError, UnicodeError) as reason:
        raise Unreachable(f"{name} has no address: {type(reason).__name__}") from reason
    addresses = [str(address) for address in found.addresses()]
    if not addresses:
        raise Unreachable(f"{name} has no address")
    return addresses


def is_address(name: str) -> bool:
    """Whether it is an IP address, no name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@cache
def _resolver() -> dns.asyncresolver.Resolver:
    resolver = dns.asyncresolver.Resolver()
    resolver.cache = dns.resolver.LRUCache(_REMEMBERED_MAX)  # for as long as the answers allow
    return resolver
