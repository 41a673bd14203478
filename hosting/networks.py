"""Who counts as one stranger: the network that limits and shared lanes go by.

An IPv6 customer has a /64 at least, so that is what counts as one address; IPv4 written as IPv6 is
IPv4. Free of models: the server's edge needs it before Django is set up.
"""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

IPV6_PREFIX = 64


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
