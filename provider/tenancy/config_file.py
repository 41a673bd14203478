"""Plans, tenants, hosts, domains and settings as a TOML file: what differs is said, and made so.

    [plans.club]
    name = "Club"
    limits = { accounts = 200, blob-bytes = 50_000_000_000, staff = "none" }

    [tenants.acme]
    name = "Acme Association"
    support-email = "help@acme.example"
    plan = "club"

    [tenants.acme.hosts."pds.acme.example"]
    domains = [".acme.example"]
    admission = "invite"

Keys of a tenant are those of `manage.py tenant set`, of a host those of `manage.py host set` and
`domains`, which is the whole list; `limits` of a plan or a tenant are the whole table of its own.
What a file does not name is left as it is; secrets are not in
it.
"""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from hosting.models import Host, Tenant
from moderation.audit import OPERATOR
from protocol.errors import XrpcError
from provider.errors import InvalidField, NoSuchThing
from provider.tenancy import domains, host_settings, hosts, plans, tenants

Table = Mapping[str, Any]


def read(text: str) -> Table:
    """The file's tables. Raises InvalidField when it is no TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise InvalidField("", f"The file is no TOML: {fault}") from fault


@transaction.atomic
def apply(document: Table, *, is_dry_run: bool) -> list[str]:
    """Make it so, all of it or nothing; a line for each difference, none when there was none.

    A dry run does all of it and takes it back. Raises InvalidField, whose field is the key's path,
    and other refusals of the verbs.
    """
    said = list(_differences(document))
    if is_dry_run:
        transaction.set_rollback(True)
    return said


def _differences(document: Table) -> Iterator[str]:
    _refuse_unknown(document, {"plans", "tenants"}, "")
    for slug, table in _tables(document.get("plans", {}), "plans"):
        with _at(path := f"plans.{slug}"):
            lines = _plan(slug, table)
        yield from (f"{path}: {line}" for line in lines)
    for slug, table in _tables(document.get("tenants", {}), "tenants"):
        path = f"tenants.{slug}"
        names = {field.replace("_", "-"): field for field in tenants.FIELDS}
        _refuse_unknown(table, {*names, "hosts", "plan", "limits"}, path)
        fields = {names[key]: value for key, value in table.items() if key in names}
        with _at(path):
            tenant, lines = _tenant(slug, fields)
            lines += _plan_of(tenant, table)
        yield from (f"{path}: {line}" for line in lines)
        for hostname, settings in _tables(table.get("hosts", {}), f"{path}.hosts"):
            with _at(place := f'{path}.hosts."{hostname}"'):
                lines = list(_host(tenant, hostname, settings))
            yield from (f"{place}: {line}" for line in lines)


def _tenant(slug: str, fields: Mapping[str, object]) -> tuple[Tenant, list[str]]:
    try:
        tenant = tenants.named(slug)
    except NoSuchThing:
        return tenants.create(slug, {"name": slug, **fields}, OPERATOR), ["made"]
    return tenant, tenants.change(tenant, fields, OPERATOR)


def _plan(slug: str, table: Table) -> list[str]:
    names = {field.replace("_", "-"): field for field in plans.FIELDS}
    _refuse_unknown(table, {*names, "limits"}, "")
    fields = {names[key]: value for key, value in table.items() if key in names}
    try:
        plan = plans.named(slug)
    except NoSuchThing:
        plans.create(slug, fields, _limits(table, {}), OPERATOR)
        return ["made"]
    return plans.change(plan, fields, _limits(table, plan.limits), OPERATOR)


def _plan_of(tenant: Tenant, table: Table) -> list[str]:
    said: list[str] = []
    if "plan" in table:
        with _at("plan"):
            plan = plans.named(str(table["plan"])) if table["plan"] else None
        said += plans.give(tenant, plan, OPERATOR)
    return said + plans.set_limits(tenant, _limits(table, tenant.limits), OPERATOR)


def _limits(table: Table, there: Table) -> dict[str, object]:
    """The limits of a file, and of those that are there and not in it: the default."""
    if "limits" not in table:
        return {}
    if not isinstance(table["limits"], Mapping):
        raise InvalidField("limits", "This must be a table.")
    return {**dict.fromkeys(there, "default"), **table["limits"]}


def _host(tenant: Tenant, hostname: str, table: Table) -> Iterator[str]:
    names = _texts(table["domains"], "domains") if "domains" in table else None
    values = {key: value for key, value in table.items() if key not in ("domains", "origin")}
    host = Host.objects.named(hostname).select_related("tenant").first()
    by = OPERATOR if host is not None else None
    if host is None:
        host = hosts.create(tenant, hostname, names or [], OPERATOR, str(table.get("origin", "")))
        yield "made"
    elif host.tenant_id != tenant.pk:
        raise InvalidField("", f"{hostname} is a host of tenant {host.tenant.slug}.")
    elif names is not None:
        yield from _domains(host, names)
    yield from host_settings.change(host, values, by)


def _domains(host: Host, names: list[str]) -> Iterator[str]:
    wanted = [name if name == ".test" else domains.normal_form(name) for name in names]
    there = {domain.name: domain for domain in host.handle_domains.all()}
    for name in [each for each in wanted if each not in there]:
        domains.add(host, name, OPERATOR)
        yield f"domain {name}: added"
    for name in there.keys() - set(wanted):
        domains.remove(there[name], OPERATOR)
        yield f"domain {name}: removed"
    kept = host.handle_domains.in_bulk(wanted, field_name="name")
    for position, name in enumerate(wanted):
        host.handle_domains.filter(pk=kept[name].pk).update(position=position)


def _texts(found: object, key: str) -> list[str]:
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise InvalidField(key, "This must be a list of texts.")
    return found


def _tables(found: object, path: str) -> Iterator[tuple[str, Table]]:
    if not isinstance(found, Mapping):
        raise InvalidField(path, "This must be a table.")
    for name, table in found.items():
        if not isinstance(table, Mapping):
            raise InvalidField(f"{path}.{name}", "This must be a table.")
        yield name, table


def _refuse_unknown(table: Table, known: set[str], path: str) -> None:
    for key in table.keys() - known:
        raise InvalidField(f"{path}.{key}".lstrip("."), "There is no such key.")


@contextmanager
def _at(path: str) -> Iterator[None]:
    """Names the place in the file of what is refused inside."""
    try:
        yield
    except XrpcError as refusal:
        refusal.field = f"{path}.{refusal.field.replace('_', '-')}".rstrip(".")
        raise
