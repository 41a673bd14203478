"""Blocked networks: address ranges from which nobody may sign up at a host.

Staff block a range after a wave of sign-ups (moderation.enforcement.sign_up_blocks). People who are
approved already, and those who have an account, notice nothing.
"""

from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import SignUpBlock
from hosting.models import Host
from protocol.errors import InvalidRequest
from server.database import connection

MAX: Final = 1_000  # of a host
# At least so many bits must be told: a block is not to close the host.
_PREFIX_MIN: Final = {4: 8, 6: 19}
_BLOCKED: Final = """
    SELECT 1 FROM sign_up_block WHERE host_id = %s AND %s::inet <<= network::cidr
        AND (until IS NULL OR until > now()) LIMIT 1
"""


class SignUpsBlocked(InvalidRequest):
    """400: nobody signs up from this address at present."""

    message = "Sign-ups from this network are blocked"
    page_text = _("Sign-ups from your network are blocked at the moment. Write to the staff.")


class UnfitNetwork(InvalidRequest):
    """400: not an address range, or too wide a one."""

    message = "Not an address range, or too wide a one"
    page_text = _("Enter an address range such as 192.0.2.0/24.")
    field = "network"


class TooManyBlocks(InvalidRequest):
    """400: the host has as many blocked ranges as it may."""

    message = "Too many blocked networks"
    page_text = _("Too many networks are blocked. Remove some first.")


def check(host: Host, address: str) -> None:
    """Raises SignUpsBlocked for a client's address in a blocked range."""
    try:
        client = ip_address(address)
    except ValueError:
        return  # a page or a job that knows none
    mapped = getattr(client, "ipv4_mapped", None)
    if connection.row(_BLOCKED, (host.pk, str(mapped or client))):
        raise SignUpsBlocked


def block(host: Host, network: str, reason: str, until: datetime | None = None) -> str:
    """Block a range, in the caller's transaction; its normal form. A repetition takes the new
    reason and end. Raises UnfitNetwork, TooManyBlocks."""
    text = str(parsed(network))
    others = SignUpBlock.objects.filter(host=host)
    others.filter(until__lte=timezone.now()).delete()
    if others.exclude(network=text).count() >= MAX:
        raise TooManyBlocks
    SignUpBlock.objects.update_or_create(
        host=host, network=text, defaults={"reason": reason, "until": until}
    )
    return text


def unblock(host: Host, network: str) -> str:
    """Let people sign up from there again. Raises UnfitNetwork."""
    text = str(parsed(network))
    SignUpBlock.objects.filter(host=host, network=text).delete()
    return text


def blocked(host: Host) -> list[SignUpBlock]:
    """The ranges that are blocked at present, newest first."""
    is_open = Q(until__isnull=True) | Q(until__gt=timezone.now())
    return list(SignUpBlock.objects.filter(is_open, host=host).order_by("-pk")[:MAX])


def parsed(network: str) -> IPv4Network | IPv6Network:
    """A range from text. Raises UnfitNetwork."""
    try:
        found = ip_network(network.strip(), strict=False)
    except ValueError:
        raise UnfitNetwork from None
    if found.prefixlen < _PREFIX_MIN[found.version]:
        raise UnfitNetwork
    return found
