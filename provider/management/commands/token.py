"""`manage.py token create|list|revoke`: who may use the REST API, and for what."""

from datetime import timedelta
from typing import Any

from django.core.management import CommandParser
from django.db import transaction

from hosting.models import StaffUser, Tenant
from moderation.audit import OPERATOR
from provider.api import tokens
from provider.errors import NoSuchThing
from provider.management.printing import ProviderCommand
from provider.models import ApiToken
from provider.tenancy import tenant_log, tenants


class Command(ProviderCommand):
    """See the module's docstring."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = self.add_verb(verbs, "create", "Make a token and print it, once.")
        create.add_argument("name", help="stands in the audit log: billing")
        create.add_argument("--tenant", help="for this tenant alone; without it: the platform's")
        create.add_argument(
            "--scope", action="append", default=[], choices=[*tokens.Scope], metavar="SCOPE",
            help=f"repeatable: {', '.join(tokens.Scope)}",
        )  # fmt: skip
        create.add_argument("--days", type=int, help="it expires after so many; else never")
        create.add_argument(
            "--as", dest="as_staff", metavar="NAME",
            help="a member of staff, in whose name and role it acts on cases",
        )  # fmt: skip
        listed = self.add_verb(verbs, "list", "Tokens that are still good.")
        listed.add_argument("--tenant")
        revoke = self.add_verb(verbs, "revoke", "End a token.")
        revoke.add_argument("name")
        revoke.add_argument("--tenant")

    def do_create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Its text, which is shown nowhere else."""
        lifetime = timedelta(days=options["days"]) if options["days"] else None
        name, tenant = options["name"], _tenant(options)
        with transaction.atomic():
            staff = _staff(options["as_staff"])
            row, text = tokens.create(name, tenant, options["scope"], lifetime, staff)
            said = f"API token {name}: made for {', '.join(row.scopes)}"
            tenant_log.note(OPERATOR, tenant, said)
        return {**_shown(row), "token": text}

    def do_list(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        """All of them, or a tenant's."""
        found = ApiToken.objects.filter(revoked_at__isnull=True).select_related("tenant", "staff")
        if options["tenant"]:
            found = found.filter(tenant=_tenant(options))
        return [_shown(token) for token in found.order_by("tenant__slug", "name")]

    def do_revoke(self, options: dict[str, Any]) -> dict[str, Any]:
        """End it."""
        name, tenant = options["name"], _tenant(options)
        with transaction.atomic():
            tokens.revoke(name, tenant)
            tenant_log.note(OPERATOR, tenant, f"API token {name}: revoked")
        return {"token": options["name"], "state": "revoked"}


def _tenant(options: dict[str, Any]) -> Tenant | None:
    return tenants.named(options["tenant"]) if options["tenant"] else None


def _staff(name: str | None) -> StaffUser | None:
    if not name:
        return None
    found = StaffUser.objects.filter(username=name).first()
    if found is None:
        raise NoSuchThing(f"No member of staff is called {name}.")
    return found


def _shown(token: ApiToken) -> dict[str, Any]:
    return {
        "name": token.name,
        "tenant": token.tenant.slug if token.tenant else "platform",
        "as": str(token.staff or ""),
        "scopes": token.scopes,
        "expires": token.expires_at,
        "last used": token.last_used_at,
    }
