"""Sign-ins: noted for the account's owner, and an e-mail about one from somewhere new.

A place is a part of the network, an IPv4 /24 or an IPv6 /48: what one provider gives to a
neighbourhood or a household. A new device at home is no news, a known device elsewhere is. Kept is
a hash under the server's secret key, for half a year. E-mails are about the main
password alone: apps with passwords of their own sign in from wherever their servers are.

Of each account the last fifty sign-ins that succeeded and the last fifty that failed are kept, for
thirty days.
"""

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import Account, KnownPlace, SignIn
from hosting.mail import emails, outbox
from server.database import connection

Way = SignIn.Way
REMEMBERED_FOR: Final = timedelta(days=180)
KEPT_FOR: Final = timedelta(days=30)
KEPT_MAX: Final = 50  # an account, of those that succeeded and of the others
AGENT_MAX_CHARACTERS: Final = 200
HOST_NAME_MAX_CHARACTERS: Final = 253
_NOTED: Final = """
    noted AS (
        INSERT INTO sign_in (account_id, is_success, way, client_host, place, agent, at)
        VALUES (%(account)s, %(is_success)s, %(way)s, %(host_name)s, %(place)s, %(agent)s, %(at)s)
    ), trimmed AS (
        DELETE FROM sign_in WHERE id IN (
            SELECT id FROM sign_in WHERE account_id = %(account)s AND is_success = %(is_success)s
            ORDER BY at DESC, id DESC OFFSET %(kept)s
        ) AND NOT EXISTS (
            SELECT FROM account WHERE id = %(account)s AND held_at IS NOT NULL
        )
    )
"""
_RECORD: Final = f"WITH {_NOTED} SELECT 1"
# The first place of all is where the owner signed up, so it is remembered and no more.
_RECORD_AND_LOOK: Final = f"""
    WITH {_NOTED}, seen AS (
        UPDATE known_place SET last_seen_at = %(at)s
        WHERE account_id = %(account)s AND place_hash = %(place_hash)s RETURNING 1
    ), first AS (
        INSERT INTO known_place (account_id, place_hash, last_seen_at)
        SELECT %(account)s, %(place_hash)s, %(at)s
        WHERE NOT EXISTS (SELECT FROM known_place WHERE account_id = %(account)s)
        ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT EXISTS (SELECT FROM seen) OR EXISTS (SELECT FROM first)
"""  # noqa: S608 - constants only
_PREFIX: Final = {4: 24, 6: 48}  # bits


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: the IP address, and what the browser or app calls itself; for a sign-in by OAuth
    the host name of the app that it is for."""

    address: str = ""
    agent: str = ""
    host_name: str = ""

    @property
    def place(self) -> str:
        """The part of the network that it asks from."""
        return place_of(self.address)

    @property
    def name(self) -> str:
        """What it calls itself, as we keep it."""
        return self.agent.replace("\0", "")[:AGENT_MAX_CHARACTERS]


UNKNOWN_CLIENT: Final = Client()


def record(account: Account, client: Client, way: SignIn.Way, *, is_success: bool) -> None:
    """Write down that somebody signed in, or tried to, in one statement."""
    connection.row(_RECORD, _facts(account, client, way, is_success=is_success))


def of_account(account: Account) -> list[SignIn]:
    """All that is kept, good and bad, the latest first."""
    return list(_kept(account)[: 2 * KEPT_MAX])


def last_of(account: Account) -> SignIn | None:
    """The last sign-in that succeeded."""
    return _kept(account).filter(is_success=True).first()


def note(account: Account, client: Client, way: SignIn.Way = SignIn.Way.PASSWORD) -> None:
    """Somebody signed in to the account; tell its owner if it was from somewhere new."""
    place_hash = _hash(account, client.place)
    facts = _facts(account, client, way, is_success=True)
    found = connection.row(_RECORD_AND_LOOK, {**facts, "place_hash": place_hash})
    if found is not None and found[0]:
        return
    now = facts["at"]
    with transaction.atomic():
        place = KnownPlace(account=account, place_hash=place_hash, last_seen_at=now)
        KnownPlace.objects.bulk_create([place], ignore_conflicts=True)
        if emails.sender_of(account.host).has_sign_in_alerts:
            name = account.handle or account.did
            context = {"handle": name, "address": client.address, "at": now}
            outbox.post_to(account, emails.SIGN_IN_ALERT, context)


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
    """The sweep: places from which nobody signed in for long, and sign-ins of long ago."""
    now, free = timezone.now(), {"account__held_at": None}
    SignIn.objects.filter(at__lt=now - KEPT_FOR, **free).delete()
    KnownPlace.objects.filter(last_seen_at__lt=now - REMEMBERED_FOR, **free).delete()


def _kept(account: Account) -> QuerySet[SignIn]:
    since = timezone.now() - KEPT_FOR
    return SignIn.objects.filter(account=account, at__gt=since).order_by("-at")


def _facts(
    account: Account, client: Client, way: SignIn.Way, *, is_success: bool
) -> dict[str, Any]:
    """The parameters of _NOTED."""
    return {
        "account": account.pk,
        "is_success": is_success,
        "way": way.value,
        "host_name": client.host_name[:HOST_NAME_MAX_CHARACTERS],
        "place": client.place,
        "agent": client.name,
        "at": timezone.now(),
        "kept": KEPT_MAX - 1,
    }


def _hash(account: Account, place: str) -> str:
    return salted_hmac(
        f"accounts.authentication.sign_in_alerts:{account.pk}", place, algorithm="sha256"
    ).hexdigest()
