"""Look-ups of one account for a request: a prepared statement where the ORM compiles its SQL anew.

An account comes whole, with its host as the request has it and its custom handle, so that nothing
of these is asked again. A row is read on every call: nothing here is remembered.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

from accounts.models.accounts import Account
from accounts.models.names import CustomHandle
from hosting.models import Host
from server.database import connection, model_rows
from server.database.prepared import (
    BIGINT,
    TEXT,
    TEXTS,
    TRUE,
    Question,
    Row,
    Statement,
    bigint,
    moment,
    number,
    texts,
)


def is_live(account: str, session: str) -> str:
    """SQL that is true while a session of an account stands: of a password, or of an app that came
    by OAuth. Both are expressions, `session` of type uuid and standing there twice."""
    return (
        f"EXISTS (SELECT FROM session s"  # noqa: S608 - constants only
        f" WHERE s.account_id = {account} AND s.lineage = {session} UNION ALL"
        f" SELECT FROM oauth_session o WHERE o.account_id = {account} AND o.id = {session})"
    )


# An account `a` that may be shown to its owner: nothing of it stands where the session has ended.
SIGNED_IN: Final = (
    "a.did = $1 AND a.host_id = $2 AND a.opened_at IS NOT NULL AND a.taken_down_at IS NULL"
    f" AND {is_live('a.id', '$3::uuid')}"
)
SIGNED_IN_TYPES: Final = (TEXT, BIGINT, TEXT)
_OF_DID: Final = "a.did = %s AND a.host_id = %s AND a.opened_at IS NOT NULL"
# How a column comes in binary; texts are what they are.
_DECODERS: Final[dict[str, Callable[[bytes], Any]]] = {
    "BigAutoField": number,
    "BooleanField": TRUE.__eq__,
    "DateTimeField": moment,
    "ForeignKey": number,
    "OneToOneField": number,
    "PositiveIntegerField": number,
}


def find_open(host: Host, did: str) -> Account | None:
    """The account of a DID at a host, once the directory holds the DID, whatever its status."""
    row = connection.row(select(_OF_DID), (did, host.pk))
    return None if row is None else _account(host, row)


def find_by_id(host: Host, account_id: int) -> Account | None:
    """The account of that id at a host, whatever its status."""
    row = connection.row(select("a.id = %s AND a.host_id = %s"), (account_id, host.pk))
    return None if row is None else _account(host, row)


def find_by_ids(host: Host, account_ids: Sequence[int]) -> dict[int, Account]:
    """The same for several, by their ids; nobody is asked about none."""
    if not account_ids:
        return {}
    rows = connection.rows(select("a.id = ANY (%s) AND a.host_id = %s"), ([*account_ids], host.pk))
    return {account.pk: account for account in (_account(host, row) for row in rows)}


def find_many(host: Host, dids: Sequence[str]) -> list[Account]:
    """The open accounts of those DIDs at a host, whatever their status, in any order."""
    where = "a.did = ANY (%s) AND a.host_id = %s AND a.opened_at IS NOT NULL"
    return [_account(host, row) for row in connection.rows(select(where), (list(dids), host.pk))]


def ask_if(host: Host, dids: Sequence[str], condition: str, said: str, *more: str) -> Question:
    """The accounts that `find_many` gives, as rows for `of_row`, where an SQL condition on $1, the
    host's id, and $2, `said`, holds; `more` columns stand behind. For small reads of staff."""
    params = (bigint(host.pk), said.encode(), texts(dids))
    return Question(_if(condition, *more), params)


@cache
def _if(condition: str, *more: str) -> Statement:
    where = f"a.did = ANY ($3) AND a.host_id = $1 AND a.opened_at IS NOT NULL AND {condition}"
    return Statement(select(where, *more), (BIGINT, TEXT, TEXTS))


def find_owner(host: Host, did: str, session: str) -> tuple[Account, bool] | None:
    """As `find_open`, and whether the session of that id (hexadecimal) is the account's and
    still stands."""
    return owner(host, ask_for_owner(host, did, session).rows())


def lock(account: Account) -> Account | None:
    """The account's open row, locked against every other change of its status until the caller's
    transaction ends; weak enough (FOR NO KEY UPDATE) not to hold up rows that point at it."""
    where = "a.id = %s AND a.opened_at IS NOT NULL FOR NO KEY UPDATE OF a"
    row = connection.row(select(where), (account.pk,))
    return None if row is None else _account(account.host, row)


def lock_open(host: Host, did: str) -> Account | None:
    """As `find_open`, locked as `lock` does."""
    row = connection.row(select(f"{_OF_DID} FOR NO KEY UPDATE OF a"), (did, host.pk))
    return None if row is None else _account(host, row)


def ask_for_owner(host: Host, did: str, lineage: str) -> Question:
    """What `owner` is told the answer of; as `find_owner`."""
    return Question(_owner(), (did.encode(), bigint(host.pk), lineage.encode()))


def signed_in_params(host: Host, did: str, lineage: str) -> tuple[bytes, bytes, bytes]:
    """The parameters of SIGNED_IN."""
    return did.encode(), bigint(host.pk), lineage.encode()


def owner(host: Host, found: Sequence[Row]) -> tuple[Account, bool] | None:
    """The account that was asked for, and whether its session stands."""
    return None if not found else (of_row(host, found[0]), found[0][-1] == TRUE)


def of_row(host: Host, row: Row) -> Account:
    """The account in a row of a `Statement` that begins with the columns of `select`."""
    return _account(host, _values(row))


@cache
def _owner() -> Statement:
    where = "a.did = $1 AND a.host_id = $2 AND a.opened_at IS NOT NULL"
    return Statement(select(where, is_live("a.id", "$3::uuid")), (TEXT, BIGINT, TEXT))


def _values(row: Row) -> list[Any]:
    """The columns of `select` as Python has them."""
    return [
        None if value is None else decode(value)
        for decode, value in zip(_decoders(), row, strict=False)
    ]


@cache
def _decoders() -> list[Callable[[bytes], Any]]:
    models = (Account, CustomHandle)
    fields = [field for model in models for field in model._meta.concrete_fields]
    return [_DECODERS.get(field.get_internal_type(), bytes.decode) for field in fields]


@cache
def select(where: str, *more: str) -> str:
    """SQL for an account `a` with its custom handle `c`, and more columns behind."""
    columns = [f"a.{name}" for name in model_rows.columns(Account)]
    columns += [f"c.{name}" for name in model_rows.columns(CustomHandle)]
    return (
        f"SELECT {', '.join([*columns, *more])}"  # noqa: S608 - constants only
        f" FROM account a LEFT JOIN custom_handle c ON c.account_id = a.id WHERE {where}"
    )


def _account(host: Host, row: Sequence[Any]) -> Account:
    """From the columns of `select`; those behind them are left out."""
    of_account, of_handle = (len(model_rows.columns(model)) for model in (Account, CustomHandle))
    account = model_rows.instance(Account, row[:of_account])
    account.host = host
    custom = row[of_account : of_account + of_handle]
    handle = None if custom[0] is None else model_rows.instance(CustomHandle, custom)
    if handle is not None:
        handle.account = account
    Account._meta.get_field("custom_handle").set_cached_value(account, handle)
    return account
