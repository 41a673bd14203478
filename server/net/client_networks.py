"""Client networks: the address prefix by which limits and fair pools count a client.

An IPv6 customer has a /64 at least, so that is what counts as one address; many have a /48. IPv4
written as IPv6 is IPv4. The wider network (a /48, or an IPv4 /24) has WIDE_TIMES as much as one.
Free of models: the server's edge needs it before Django is set up.
"""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import NamedTuple

IPV6_PREFIX = 64
WIDE_IPV6_PREFIX = 48
WIDE_IPV4_PREFIX = 24
WIDE_TIMES = 10


class Client(NamedTuple):
    """Who asks, and the wider network that it is part of; the same one where there is none."""

    name: str
    wide: str


@lru_cache(maxsize=20_000)
def client_of(address: str) -> Client:
    """Who counts as one at an address."""
    name = network(address)
    return Client(name, wide_network(name))


@lru_cache(maxsize=20_000)
def network(address: str) -> str:
    """What limits count by: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address  # a unix socket's peer has none
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, IPV6_PREFIX), strict=False))


@lru_cache(maxsize=20_000)
def wide_network(network: str) -> str:
    """The /48 or /24 around what `network` gave; itself for loopback, which nobody rents out, and
    for what is no network."""
    try:
        parsed = ip_network(network)
    except ValueError:
        return network
    if parsed.is_loopback:
        return network
    prefix = WIDE_IPV6_PREFIX if parsed.version == 6 else WIDE_IPV4_PREFIX
    return str(parsed.supernet(new_prefix=prefix))
