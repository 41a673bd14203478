"""Account search by e-mail address, a page at a time.

Source: com.atproto.admin.searchAccounts. A whole address finds its account; `@example.com` finds
all at that very domain; anything else the addresses that begin with it; nothing, everybody.
"""

from dataclasses import dataclass

from accounts.models import Account, AccountQuerySet
from hosting.models import HostQuerySet
from protocol.errors import InvalidRequest
from server.database import connection, row_numbers
from server.database.search_indexes import domain_of


@dataclass(frozen=True)
class Page:
    """Some accounts, the newest first, and where the next page begins (None: there is none)."""

    accounts: list[Account]
    cursor: str | None


def search(hosts: HostQuerySet, email: str | None, limit: int, cursor: str | None) -> Page:
    """Accounts of these hosts, whatever their status. Raises InvalidRequest for a cursor that is
    none of ours."""
    accounts = matching(hosts.narrow(Account.objects.open()), email or "")
    if cursor:
        accounts = accounts.filter(pk__lt=_number(cursor))
    with connection.planned_by_value():
        found = list(accounts.select_related("host").order_by("-pk")[:limit])
    return Page(found, str(found[-1].pk) if len(found) == limit else None)


def matching(accounts: AccountQuerySet, email: str) -> AccountQuerySet:
    """Those of the accounts whose address is searched for; all of them by an empty one. To be asked
    within `connection.planned_by_value`."""
    email = email.strip().lower()
    if "\0" in email:
        return accounts.none()  # Postgres takes no NUL in a text
    if not email:
        return accounts
    if email.startswith("@"):
        return accounts.alias(domain=domain_of("email")).filter(domain=email[1:])
    return (
        accounts.filter(email=email) if "@" in email else accounts.filter(email__startswith=email)
    )


def _number(cursor: str) -> int:
    if (number := row_numbers.read(cursor)) is None:
        raise InvalidRequest("Malformed cursor")
    return number
