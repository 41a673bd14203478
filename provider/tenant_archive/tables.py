"""The rows of a tenant: which tables go into its archive, in which order, and how they come out.

A row is what Postgres makes of it (`to_jsonb`), and becomes a row again by `jsonb_populate_record`:
no type is translated here. Numbers that the database gave are given anew: each table's ids move by
one distance, so that no table of old and new numbers is needed. What is wrapped under the
deployment's keys is wrapped for the archive's receiver instead (keys.ArchiveKey).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import orjson
from django.apps import apps
from django.db import models
from django.db.models.expressions import RawSQL
from psycopg.types.json import Jsonb

from accounts.models import Account
from hosting.models import Host, Member, StaffUser, Tenant
from provider.tenant_archive.container import BrokenArchive
from provider.tenant_archive.keys import ArchiveKey
from server.database import connection
from server.encryption import keyring

Row = dict[str, Any]

# Each table with the way from a row to its tenant, those first that others point to. What stays:
# sessions and what is of browsers, jobs and mail under way, legal holds (exporting.HeldAccounts),
# copies of what was reported (they are the provider's to keep), events (only their number goes),
# what was used (each provider bills for its own days).
TAKEN: Final[Mapping[str, str]] = {
    "hosting.Tenant": "pk",
    "hosting.Host": "tenant",
    "hosting.HandleDomain": "host__tenant",
    "hosting.StaffUser": "its own",
    "hosting.Member": "tenant",
    "mail.Sender": "host__tenant",
    "accounts.SigningKey": "host__tenant",
    "accounts.Account": "host__tenant",
    "accounts.ReservedKey": "host__tenant",
    "accounts.Preference": "account__host__tenant",
    "accounts.AccountLimits": "account__host__tenant",
    "accounts.AccountMigration": "account__host__tenant",
    "accounts.Delegation": "account__host__tenant",
    "accounts.Totp": "account__host__tenant",
    "accounts.RecoveryCode": "account__host__tenant",
    "accounts.Passkey": "account__host__tenant",
    "accounts.RecoveryKey": "account__host__tenant",
    "accounts.InviteCode": "host__tenant",
    "accounts.InviteUse": "code__host__tenant",
    "accounts.InvitePermission": "account__host__tenant",
    "accounts.WebIdentity": "host__tenant",
    "accounts.CustomHandle": "account__host__tenant",
    "accounts.OAuthConsent": "account__host__tenant",
    "accounts.OAuthClientRule": "tenant",
    "accounts.OpenIdProvider": "tenant",
    "accounts.OpenIdIdentity": "host__tenant",
    "accounts.StaffOpenIdIdentity": "provider__tenant",
    "accounts.AppPassword": "account__host__tenant",
    "accounts.SignIn": "account__host__tenant",
    "accounts.SecurityChange": "account__host__tenant",
    "accounts.HeldSignUp": "host__tenant",
    "accounts.SignUpBlock": "host__tenant",
    "repos.DeniedBlob": "host_id",
    "repos.RecordTakedown": "repo_id",
    "moderation.AuditEntry": "host__tenant",
    "moderation.Policy": "tenant",
    "moderation.Case": "host__tenant",
    "moderation.CaseEvent": "case__host__tenant",
    "moderation.ActionLimit": "tenant",
    "moderation.CaseDeadline": "tenant",
    "moderation.Report": "host__tenant",
    "moderation.Strike": "host__tenant",
    "moderation.Decision": "host__tenant",
    "moderation.NoticeText": "tenant",
    "moderation.AbuseAuthority": "tenant",
    "moderation.MonthlyFigure": "tenant",
    "moderation.Labeler": "tenant",
    "moderation.LabelKey": "labeler__tenant",
    "moderation.Label": "labeler__tenant",
    "provider.Webhook": "tenant",
    "provider.ApiToken": "tenant",
}
AFTER_REPOS: Final = frozenset({"repos.RecordTakedown"})
# Columns that the keyring wrapped; of a host's token secret sessions are made, and those stay.
SEALED: Final[Mapping[str, tuple[str, ...]]] = {
    "hosting.Host": ("rotation_key", "captcha_secret"),
    "accounts.SigningKey": ("wrapped",),
    "accounts.Totp": ("secret",),
    "accounts.OpenIdProvider": ("client_secret",),
    "moderation.LabelKey": ("wrapped",),
    "provider.Webhook": ("secret", "old_secret"),
}
_NUMBERED_BY: Final[Mapping[str, type[models.Model]]] = {"repo_id": Account, "host_id": Host}
_AT_ONCE: Final = 500
_SPAN_MAX: Final = 2**40  # of the numbers of a table: sequences end at 2**63


@dataclass(frozen=True, slots=True)
class Table:
    """A table that goes."""

    label: str
    path: str

    @property
    def model(self) -> type[models.Model]:
        return apps.get_model(self.label)

    @property
    def member(self) -> str:
        """Its name in the archive."""
        return f"tables/{self.label}.jsonl"

    @property
    def has_numbers(self) -> bool:
        """Whether its keys are numbers of its own."""
        return isinstance(self.model._meta.pk, models.AutoField)


TABLES: Final = tuple(Table(label, path) for label, path in TAKEN.items())


def rows_of(table: Table, tenant: Tenant, key: ArchiveKey) -> Iterator[bytes]:
    """The tenant's rows of a table, a line each."""
    name = table.model._meta.db_table
    found = _of_tenant(table, tenant).order_by("pk")
    as_json = found.annotate(row_json=RawSQL(f'to_jsonb("{name}")', (), models.JSONField()))  # noqa: S611
    known = set(_staff_of(tenant).values_list("pk", flat=True))
    outside = _Outside()
    for row in as_json.values_list("row_json", flat=True).iterator(_AT_ONCE):
        for column in SEALED.get(table.label, ()):
            row[column] = _sealed(row[column], key)
        if table.label == "hosting.Host":
            row["token_secret"] = None
        if _is_without_outside_staff(table, row, known, outside):
            yield orjson.dumps(row) + b"\n"


@dataclass(frozen=True, slots=True)
class Move:
    """The numbers of an archive's table, and by how much they move."""

    first: int
    last: int
    distance: int

    def __call__(self, number: int) -> int:
        """A number as it is here. Raises BrokenArchive for one that is none of the archive's:
        moved by the same distance it could be a row of another tenant."""
        if not self.first <= number <= self.last:
            raise BrokenArchive("A row names another that is not in the archive.")
        return number + self.distance


def move(table: Table, first: int, last: int) -> Move:
    """A table's numbers come to lie behind all that are given here; those between are taken.
    Others may go on making rows meanwhile: a million of them. Raises BrokenArchive for numbers so
    far from each other that the table would have none left: a sequence takes nothing back."""
    if not 0 <= first <= last <= first + _SPAN_MAX:
        raise BrokenArchive(f"The numbers in {table.label} are too far from each other.")
    name = table.model._meta.db_table
    sequence = f"pg_get_serial_sequence('{name}', 'id')"
    row = connection.row(f"SELECT nextval({sequence})")
    begins_at = int(row[0] if row else 0) + 1_000_000
    connection.row(f"SELECT setval({sequence}, %s)", (begins_at + last - first,))
    return Move(first, last, begins_at - first)


def moved(table: Table, row: Row, moves: Mapping[str, Move]) -> Row:
    """A row with its numbers as they are here; `moves` by label. Raises BrokenArchive."""
    for field in table.model._meta.concrete_fields:
        value = row.get(str(field.column))
        if value is None:
            continue
        if field.is_relation:
            target = _root(field)
            if issubclass(target._meta.pk.__class__, models.AutoField):
                row[str(field.column)] = _moved(target, value, moves)
        elif field.primary_key and table.has_numbers:
            row[str(field.column)] = moves[table.label](value)
        elif field.column in _NUMBERED_BY:
            row[str(field.column)] = _moved(_NUMBERED_BY[str(field.column)], value, moves)
    return row


def unsealed(table: Table, row: Row, key: ArchiveKey) -> Row:
    """A row with its secrets wrapped by this deployment's keys."""
    for column in SEALED.get(table.label, ()):
        if isinstance(row[column], dict):
            row[column] = "\\x" + keyring.wrap(key.opened(row[column]["sealed"])).hex()
    return row


def insert(table: Table, rows: Iterable[Row]) -> int:
    """Store rows; how many."""
    fields = table.model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields if not field.generated)
    name = table.model._meta.db_table
    sql = (
        f'INSERT INTO "{name}" ({columns}) SELECT {columns}'  # noqa: S608 - names of ours
        f' FROM jsonb_populate_recordset(NULL::"{name}", %s)'
    )
    count = 0
    for batch in in_batches(rows):
        connection.execute(sql, (Jsonb(batch),))
        count += len(batch)
    return count


def refuse_others(table: Table, tenant: Tenant, stored: int) -> None:
    """Raises BrokenArchive when not all rows that were stored became the tenant's: what belongs to
    nobody would be the platform's (a token of its API)."""
    if table.model is not StaffUser and _of_tenant(table, tenant).count() != stored:
        raise BrokenArchive(f"The archive has rows in {table.label} that are not the tenant's.")


def in_batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """So many rows as one statement takes."""
    left = iter(rows)
    while batch := list(islice(left, _AT_ONCE)):
        yield batch


def _of_tenant(table: Table, tenant: Tenant) -> "models.QuerySet[Any]":
    objects = table.model._default_manager
    if table.path == "repo_id":
        return objects.filter(repo_id__in=Account.objects.filter(host__tenant=tenant).values("pk"))
    if table.path == "host_id":
        return objects.filter(host_id__in=tenant.hosts.values("pk"))
    if table.model is StaffUser:
        return _staff_of(tenant)
    return objects.filter(**{table.path: tenant.pk})


def _staff_of(tenant: Tenant) -> "models.QuerySet[StaffUser]":
    """Who works for the tenant, and not for the provider."""
    members = Member.objects.filter(tenant=tenant).values("user")
    return StaffUser.objects.filter(pk__in=members, is_platform_staff=False)


def _sealed(stored: str | None, key: ArchiveKey) -> Row | str | None:
    r"""`\x...` as it is stored; empty columns stay so."""
    raw = bytes.fromhex(stored[2:]) if stored else b""
    return {"sealed": key.seal(keyring.unwrap(raw))} if raw else stored


class _Outside(dict[int, str]):
    """The names of the provider's staff, each asked for once."""

    def __missing__(self, number: int) -> str:
        found = StaffUser.objects.filter(pk=number).values_list("username", flat=True)
        self[number] = f"staff:{found.first()}"
        return self[number]


def _is_without_outside_staff(
    table: Table, row: Row, known: set[int], outside: Mapping[int, str]
) -> bool:
    """Staff of the provider stay here; where one acted, the name is kept. False for a row that is
    about one of them."""
    for field in table.model._meta.concrete_fields:
        column = str(field.column)
        if field.related_model is not StaffUser or row[column] is None or row[column] in known:
            continue
        if not field.null:
            return False
        if "actor" in row and not row["actor"]:
            row["actor"] = outside[row[column]]
        row[column] = None
    return True


def _root(field: Any) -> type[models.Model]:
    """The model whose numbers a reference holds: a key that is itself a reference leads on."""
    model: type[models.Model] = field.related_model
    key = model._meta.pk
    return _root(key) if key.is_relation else model


def _moved(target: type[models.Model], value: int, moves: Mapping[str, Move]) -> int | None:
    """None for a reference to what stayed where it was."""
    place = moves.get(target._meta.label)
    return None if place is None else place(value)
