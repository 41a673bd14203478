"""Sign-in alerts: an e-mail when an account signs in from somewhere new.

A place is a part of the network, an IPv4 /24 or an IPv6 /48: what one provider gives to a
neighbourhood or a household. A new device at home is no news, a known device elsewhere is. Kept is
a hash under the server's secret key, for half a year. Only the main password counts: apps with
passwords of their own sign in from wherever their servers are.
"""

import ipaddress
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import Account, KnownPlace
from hosting.mail import emails, outbox

REMEMBERED_FOR: Final = timedelta(days=180)
_PREFIX: Final = {4: 24, 6: 48}  # bits


def note(account: Account, address: str) -> None:
    """Somebody signed in to the account from this IP address; tell its owner if that is news.

    The first place of all is where the owner signed up, so it is remembered and no more.
    """
    place_hash = _hash(account, place_of(address))
    now = timezone.now()
    places = KnownPlace.objects.filter(account=account)
    if places.filter(place_hash=place_hash).update(last_seen_at=now):
        return
    with transaction.atomic():
        is_first = not places.exists()
        place = KnownPlace(account=account, place_hash=place_hash, last_seen_at=now)
        KnownPlace.objects.bulk_create([place], ignore_conflicts=True)
        if not is_first and emails.sender_of(account.host).has_sign_in_alerts:
            context = {"handle": account.handle or account.did, "address": address, "at": now}
            outbox.post(
                account.host, account.email, emails.SIGN_IN_ALERT, context, cause=account.did
            )


def place_of(address: str) -> str:
    """`203.0.113.7` -> `203.0.113.0/24`; what is no IP address is one place."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return str(ipaddress.ip_network(f"{ip}/{_PREFIX[ip.version]}", strict=False))


def forget_old() -> None:
    """The sweep: places from which nobody signed in for long."""
    KnownPlace.objects.filter(last_seen_at__lt=timezone.now() - REMEMBERED_FOR).delete()


def _hash(account: Account, place: str) -> str:
    return salted_hmac(
        f"accounts.authentication.sign_in_alerts:{account.pk}", place, algorithm="sha256"
    ).hexdigest()
