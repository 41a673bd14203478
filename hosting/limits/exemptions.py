"""Exemptions from rate limits, and the network that a client is counted by.

Exempt are the operator's own machines: by a secret header or by address.
"""

import hmac
from functools import lru_cache
from ipaddress import ip_network

from django.conf import settings
from django.http import HttpRequest

from server.net.client_networks import network
from server.web.proxy_headers import Network, is_among

_BYPASS_HEADER = "HTTP_X_RATELIMIT_BYPASS"


def network_of(request: HttpRequest) -> str:
    """The network of a request's client (REMOTE_ADDR is the client, whatever proxies stand in
    between: server.web.proxy_headers)."""
    return network(request.META.get("REMOTE_ADDR", ""))


def is_exempt(request: HttpRequest) -> bool:
    """Whether nothing that this client does is counted."""
    meta = request.META
    return is_exempt_client(meta.get("REMOTE_ADDR", ""), meta.get(_BYPASS_HEADER))


def is_exempt_client(address: str, given: str | None) -> bool:
    """As `is_exempt`, of a client's address and the secret that it gives."""
    if not settings.RATE_LIMITS:
        return True
    if given is not None and settings.RATE_LIMIT_BYPASS_KEY:
        secret = settings.RATE_LIMIT_BYPASS_KEY.encode()
        if hmac.compare_digest(given.encode(errors="replace"), secret):
            return True
    listed = settings.RATE_LIMIT_BYPASS_IPS
    return bool(listed) and is_among(address, _parsed(tuple(listed)))


@lru_cache(maxsize=20)
def _parsed(listed: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(each, strict=False) for each in listed)
