"""`manage.py tenant ...`: the provider's customers, from their making to their end."""

import time
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management import CommandParser
from django.db import models
from django.db.models import Count

from accounts.models import Account
from hosting.models import Tenant
from hosting.plans import quotas
from moderation.audit import OPERATOR
from provider.management.commands.plan import add_limits, limits_in
from provider.management.printing import ProviderCommand
from provider.tenancy import deletion, plans, suspensions, tenants
from provider.tenant_archive import exporting, keys, restoring
from provider.tenant_archive.exporting import Receiver
from provider.tenant_archive.importing import import_tenant
from repos.account_transfer import quota_use, under_way


class Command(ProviderCommand):
    """See the module's docstring."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = self.add_verb(verbs, "create", "Make a tenant; `host add` gives it a host.")
        create.add_argument("slug", help="its short name: acme")
        _add_fields(create)
        self.add_verb(verbs, "list", "All tenants, with their hosts and accounts.")
        show = self.add_verb(verbs, "show", "All about one tenant.")
        show.add_argument("slug")
        change = self.add_verb(verbs, "set", "Change what is given, leave the rest.")
        change.add_argument("slug")
        _add_fields(change)
        suspend = self.add_verb(verbs, "suspend", "Serve nobody at its hosts until it is resumed.")
        suspend.add_argument("slug")
        suspend.add_argument("--reason", required=True, help="its people are shown it")
        resume = self.add_verb(verbs, "resume", "End a suspension.")
        resume.add_argument("slug")
        export = self.add_verb(verbs, "export", "Write all that is a tenant's to one file.")
        export.add_argument("slug")
        export.add_argument("--to", type=Path, required=True, metavar="FILE")
        export.add_argument("--receiver-key", default="", help="who is to open its secrets")
        export.add_argument("--passphrase-file", type=Path, help="or whoever knows what is in it")
        export.add_argument("--backup", action="store_true", help="of one that is not suspended")
        export.add_argument("--leave-holds", action="store_true", help="legal holds stay here")
        come = self.add_verb(verbs, "import", "Make the tenant that an archive holds.")
        come.add_argument("file", type=Path)
        come.add_argument("--key-file", type=Path, help="what receiver-key wrote")
        come.add_argument("--passphrase-file", type=Path)
        come.add_argument("--dry-run", action="store_true", help="look what is in the way")
        receiver = self.add_verb(verbs, "receiver-key", "Make a key for archives that come here.")
        receiver.add_argument("--to", type=Path, required=True, metavar="FILE")
        plan = self.add_verb(verbs, "plan", "Give a tenant a plan; `none` takes it away.")
        plan.add_argument("slug")
        plan.add_argument("plan")
        own = self.add_verb(verbs, "limits", "Set limits of its own; show what holds.")
        own.add_argument("slug")
        own.add_argument("--account", help="of this account (DID or handle), not of the tenant")
        add_limits(own)
        restore = self.add_verb(verbs, "restore", "Make repos what an archive says they were.")
        restore.add_argument("slug")
        restore.add_argument("file", type=Path)
        restore.add_argument("--account", action="append", default=[], metavar="DID")
        restore.add_argument("--dry-run", action="store_true", help="say which would change")
        delete = self.add_verb(verbs, "delete", "Remove a tenant, with its hosts if confirmed.")
        delete.add_argument("slug")
        delete.add_argument(
            "--confirm", default="", metavar="SLUG", help="with all that is its own"
        )
        delete.add_argument("--without-export", action="store_true", help="nobody needs its data")

    def do_create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Make it, and show it."""
        fields = {"name": options["slug"], **_given(options)}
        return _shown(tenants.create(options["slug"], fields, OPERATOR))

    def do_list(self, _options: dict[str, Any]) -> list[dict[str, Any]]:
        """A row for each, in the order of their names."""
        counted = Tenant.objects.filter(deleted_at=None).annotate(
            accounts=Count(
                "hosts__accounts", filter=models.Q(hosts__accounts__opened_at__isnull=False)
            )
        )
        return [
            {
                "tenant": tenant.slug,
                "name": tenant.name,
                "hosts": [host.hostname for host in tenant.hosts.all()],
                "accounts": tenant.accounts,
            }
            for tenant in counted.prefetch_related("hosts").order_by("slug")
        ]

    def do_show(self, options: dict[str, Any]) -> dict[str, Any]:
        """What was set, and what is there."""
        return _shown(tenants.named(options["slug"]))

    def do_set(self, options: dict[str, Any]) -> dict[str, Any]:
        """Change it, and show it."""
        tenant = tenants.named(options["slug"])
        tenants.change(tenant, _given(options), OPERATOR)
        return _shown(tenant)

    def do_suspend(self, options: dict[str, Any]) -> dict[str, Any]:
        """Suspend it, and show it."""
        tenant = tenants.named(options["slug"])
        return _shown(suspensions.suspend(tenant, OPERATOR, reason=options["reason"]))

    def do_resume(self, options: dict[str, Any]) -> dict[str, Any]:
        """Resume it, and show it."""
        return _shown(suspensions.resume(tenants.named(options["slug"]), OPERATOR))

    def do_export(self, options: dict[str, Any]) -> dict[str, Any]:
        """Write it, once nobody writes any more; go on with what a broken off export left."""
        tenant = tenants.named(options["slug"])
        time.sleep(suspensions.settles_in_s(tenant))
        while tenant.suspended_at is not None and under_way.is_any(tenant):
            time.sleep(1)
        receiver = Receiver(_secret(options["passphrase_file"]), options["receiver_key"])
        counts = exporting.export(
            tenant,
            options["to"],
            receiver,
            OPERATOR,
            is_backup=options["backup"],
            leaves_holds=options["leave_holds"],
        )
        return {"tenant": options["slug"], "file": str(options["to"]), **counts}

    def do_import(self, options: dict[str, Any]) -> dict[str, Any]:
        """Make it, or say what is in the way."""
        return import_tenant(
            options["file"],
            OPERATOR,
            passphrase=_secret(options["passphrase_file"]),
            private_key=_secret(options["key_file"]),
            is_dry_run=options["dry_run"],
        )

    def do_receiver_key(self, options: dict[str, Any]) -> dict[str, Any]:
        """Keep the private one in a file, show the public one."""
        private, public = keys.new_receiver()
        options["to"].touch(mode=0o600, exist_ok=False)
        options["to"].write_text(private + "\n")
        return {"file": str(options["to"]), "receiver-key": public}

    def do_plan(self, options: dict[str, Any]) -> dict[str, Any]:
        """Give it, and show what holds."""
        plan = None if options["plan"] == "none" else plans.named(options["plan"])
        plans.give(tenants.named(options["slug"]), plan, OPERATOR)
        return _limits(tenants.named(options["slug"]))

    def do_limits(self, options: dict[str, Any]) -> dict[str, Any]:
        """Set them, and show what holds."""
        tenant, given = tenants.named(options["slug"]), limits_in(options)
        if not options["account"]:
            plans.set_limits(tenant, given, OPERATOR)
            return _limits(tenants.named(options["slug"]))
        account = plans.account_of(tenant, options["account"])
        plans.set_account_limits(account, given, OPERATOR)
        return {"account": account.did, **quota_use.own_limits(account)}

    def do_restore(self, options: dict[str, Any]) -> dict[str, Any]:
        """Restore them, and say who was left."""
        tenant = tenants.named(options["slug"])
        dids, is_dry_run = options["account"], options["dry_run"]
        report = restoring.restore(options["file"], tenant, OPERATOR, dids, is_dry_run=is_dry_run)
        return asdict(report)

    def do_delete(self, options: dict[str, Any]) -> dict[str, Any]:
        """Remove it, or show the job that does."""
        tenant = tenants.named(options["slug"])
        if options["confirm"]:
            job = deletion.begin(
                tenant,
                OPERATOR,
                confirm=options["confirm"],
                is_unexported=options["without_export"],
            )
            return {"tenant": options["slug"], "job": job.pk, "state": str(job.state)}
        tenants.delete(tenant, OPERATOR)
        return {"tenant": options["slug"], "state": "deleted"}


def _secret(file: Path | None) -> str:
    return "" if file is None else file.read_text().strip()


def _add_fields(parser: ArgumentParser) -> None:
    for field, what in tenants.FIELDS.items():
        kind = Tenant._meta.get_field(field)
        option = f"--{field.replace('_', '-')}"
        if isinstance(kind, models.BooleanField):
            parser.add_argument(option, choices=("on", "off"), help=what)
        else:
            parser.add_argument(option, help=what)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """The fields that were named; an empty value empties one that may be empty."""
    given = {field: options[field] for field in tenants.FIELDS if options[field] is not None}
    for field, value in given.items():
        kind = Tenant._meta.get_field(field)
        if isinstance(kind, models.BooleanField):
            given[field] = value == "on"
        elif kind.null and value == "":
            given[field] = None
    return given


def _shown(tenant: Tenant) -> dict[str, Any]:
    fields = {field.replace("_", "-"): getattr(tenant, field) for field in tenants.FIELDS}
    fields["plan"] = tenant.plan.slug if tenant.plan is not None else ""
    hosts = [host.hostname for host in tenant.hosts.order_by("hostname")]
    accounts = Account.objects.filter(host__tenant=tenant).open().count()
    return {
        "tenant": tenant.slug,
        **fields,
        "hosts": hosts,
        "accounts": accounts,
        "suspended": tenant.suspension_reason,
    }


def _limits(tenant: Tenant) -> dict[str, Any]:
    held = {
        str(quota.limit): {
            "value": "none" if quota.value is None else quota.value,
            "source": quota.source,
        }
        for quota in quotas.stated(tenant)
    }
    return {"tenant": tenant.slug, "plan": tenant.plan.slug if tenant.plan else "", **held}
