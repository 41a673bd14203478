"""Look-ups of one account for a request: a prepared statement where the ORM compiles its SQL anew.

An account comes whole, with its host as the request has it and its custom handle, so that nothing
of these is asked again. A row is read on every call: nothing here is remembered.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from django.db.models import Model

from accounts.models.accounts import Account
from accounts.models.names import CustomHandle
from hosting.models import Host
from server.database import connection


def is_live(account: str, session: str) -> str:
    """SQL that is true while a session of an account stands: of a password, or of an app that came
    by OAuth. Both are expressions, `session` of type uuid and standing there twice."""
    return (
        f"EXISTS (SELECT FROM session s"  # noqa: S608 - constants only
        f" WHERE s.account_id = {account} AND s.lineage = {session} UNION ALL"
        f" SELECT FROM oauth_session o WHERE o.account_id = {account} AND o.id = {session})"
    )


_IS_LIVE: Final = is_live("a.id", "%s::uuid")
_OF_DID: Final = "a.did = %s AND a.host_id = %s AND a.opened_at IS NOT NULL"
_DATABASE: Final = "default"


def find_open(host: Host, did: str) -> Account | None:
    """The account of a DID at a host, once the directory holds the DID, whatever its status."""
    row = connection.row(_select(_OF_DID), (did, host.pk))
    return None if row is None else _account(host, row)


def find_by_id(host: Host, account_id: int) -> Account | None:
    """The account of that id at a host, whatever its status."""
    row = connection.row(_select("a.id = %s AND a.host_id = %s"), (account_id, host.pk))
    return None if row is None else _account(host, row)


def find_owner(host: Host, did: str, session: str) -> tuple[Account, bool] | None:
    """As `find_open`, and whether the session of that id (hexadecimal) is the account's and
    still stands."""
    row = connection.row(_select(_OF_DID, _IS_LIVE), (session, session, did, host.pk))
    return None if row is None else (_account(host, row), row[-1])


def lock(account: Account) -> Account | None:
    """The account's open row, locked against every other change of its status until the caller's
    transaction ends; weak enough (FOR NO KEY UPDATE) not to hold up rows that point at it."""
    where = "a.id = %s AND a.opened_at IS NOT NULL FOR NO KEY UPDATE OF a"
    row = connection.row(_select(where), (account.pk,))
    return None if row is None else _account(account.host, row)


def lock_open(host: Host, did: str) -> Account | None:
    """As `find_open`, locked as `lock` does."""
    row = connection.row(_select(f"{_OF_DID} FOR NO KEY UPDATE OF a"), (did, host.pk))
    return None if row is None else _account(host, row)


@cache
def _select(where: str, *more: str) -> str:
    columns = [f"a.{field.column}" for field in Account._meta.concrete_fields]
    columns += [f"c.{field.column}" for field in CustomHandle._meta.concrete_fields]
    return (
        f"SELECT {', '.join([*columns, *more])}"  # noqa: S608 - constants only
        f" FROM account a LEFT JOIN custom_handle c ON c.account_id = a.id WHERE {where}"
    )


@cache
def _names(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def _account(host: Host, row: Sequence[Any]) -> Account:
    names, of_handle = _names(Account), _names(CustomHandle)
    account = Account.from_db(_DATABASE, names, row[: len(names)])
    account.host = host
    custom = row[len(names) : len(names) + len(of_handle)]
    handle = None if custom[0] is None else CustomHandle.from_db(_DATABASE, of_handle, custom)
    if handle is not None:
        handle.account = account
    Account._meta.get_field("custom_handle").set_cached_value(account, handle)
    return account
