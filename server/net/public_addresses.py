"""Which IP addresses an untrusted URL may lead to: public ones that stand for no other.

Sources: the IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890, RFC 8190), as of
2026. They are written out here because Python's `is_global` differs between its releases and calls
some of them public that lead inside at common clouds.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_NOT_PUBLIC_IPV4: Final = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared address space of carriers and clouds
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # a cloud's services for its own machines, in nobody's registry
            "169.254.0.0/16",  # link-local, metadata of most clouds
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # IETF protocol assignments; 192.0.0.192 is a cloud's metadata
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # relays of 6to4, withdrawn (RFC 7526)
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, broadcast
        ),
    )
)
# All of IPv6 that is given out; outside of it lie loopback, link-local, site-local, unique local,
# multicast, IPv4-compatible and NAT64 (64:ff9b::/96 and 64:ff9b:1::/48) addresses.
_GIVEN_OUT: Final = IPv6Network("2000::/3")
_NOT_PUBLIC_IPV6: Final = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # IETF protocol assignments: Teredo (any IPv4 address within), ORCHID
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: any IPv4 address within
            "3fff::/20",  # documentation
        ),
    )
)
_ISATAP: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})  # RFC 5214: an IPv4 address follows


def is_public(address: str) -> bool:
    """Whether it is an address of the public internet; False for what is no address."""
    ip = _parsed(address)
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _NOT_PUBLIC_IPV4)
    if ip is None or ip not in _GIVEN_OUT or (int(ip) >> 32) & 0xFFFF_FFFF in _ISATAP:
        return False
    return not any(ip in network for network in _NOT_PUBLIC_IPV6)


def is_loopback(address: str) -> bool:
    """Whether it is this machine itself, also when written as IPv4 within IPv6."""
    ip = _parsed(address)
    return ip is not None and ip.is_loopback


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    """The address, an IPv4-mapped one as the IPv4 address that is connected to."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(ip, "ipv4_mapped", None) or ip
