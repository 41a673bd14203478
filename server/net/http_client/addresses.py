"""Addresses of host names that untrusted parties chose, looked up on the event loop and checked.

They are public names, so the name servers are asked and no search list or hosts file; `localhost`
and names below it are loopback (RFC 6761 section 6.3). A slow name server holds no thread.
"""

import ipaddress
from functools import cache
from itertools import chain, zip_longest

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver
from django.conf import settings

from server.net import public_addresses
from server.net.http_client.errors import Forbidden, NoSuchHost, Unreachable

LOOK_UP_S = 5.0
_LOOPBACK = ["127.0.0.1", "::1"]
_REMEMBERED_MAX = 10_000


async def checked(name: str) -> list[str]:
    """Where an untrusted URL with this host leads. Raises NoSuchHost, Unreachable; Forbidden when
    any address is not allowed: a name that points both outside and inside is an attack, not a
    mistake."""
    found = await look_up(name)
    if not all(map(is_allowed, found)):
        raise Forbidden(f"{name} leads to an address that is not public")
    return found


def is_allowed(address: str) -> bool:
    """Whether an untrusted URL may lead to this IP address."""
    if public_addresses.is_loopback(address):
        return bool(settings.SANDBOX)
    return public_addresses.is_public(address)


async def look_up(name: str) -> list[str]:
    """All addresses of a host name, or the address that it is; IPv6 and IPv4 by turns, so that a
    few tries reach both. Raises NoSuchHost, Unreachable."""
    if is_address(name):
        return [name]
    if f".{name.rstrip('.')}".endswith(".localhost"):
        return _LOOPBACK
    try:
        found = await own_resolver().resolve_name(dns.name.from_text(name), lifetime=LOOK_UP_S)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer) as reason:
        raise NoSuchHost(f"{name} has no address") from reason
    except (dns.exception.DNSException, OSError, UnicodeError) as reason:
        raise Unreachable(f"{name} has no address: {type(reason).__name__}") from reason
    addresses = list(map(str, found.addresses()))
    families = ([one for one in addresses if (":" in one) is is_ipv6] for is_ipv6 in (True, False))
    return [address for address in chain(*zip_longest(*families)) if address]


def is_address(name: str) -> bool:
    """Whether it is an IP address, no name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@cache
def own_resolver() -> dns.asyncresolver.Resolver:
    """The resolver of this process, with a cache."""
    resolver = dns.asyncresolver.Resolver()
    resolver.cache = dns.resolver.LRUCache(_REMEMBERED_MAX)  # for as long as the answers allow
    return resolver
