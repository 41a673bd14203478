"""`manage.py audit verify|export`: prove that a tenant's audit log is whole, or write it out.

`verify` names the first entry that is wrong, and the number and hash of the last place that holds;
keep those elsewhere and show them to the next proof (`--kept 120:9f86d0...`). `export` writes JSON
lines.
"""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hosting.models import Tenant
from moderation import audit_chain
from moderation.audit_chain import Place


class Command(BaseCommand):
    """See the module's docstring, which is also the command's help."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verify = verbs.add_parser("verify")
        verify.add_argument("--tenant", help="a tenant's slug; without it, every tenant")
        verify.add_argument("--kept", type=_place, help="NUMBER:HASH of an earlier proof")
        export = verbs.add_parser("export")
        export.add_argument("--tenant", required=True, help="a tenant's slug")
        export.add_argument("--after", type=int, default=0, help="the number to go on after")

    def handle(self, *_args: object, **options: Any) -> None:
        """One verb."""
        if options["verb"] == "export":
            for lines in audit_chain.json_lines(_tenant(options["tenant"]), options["after"]):
                sys.stdout.buffer.write(lines)
            sys.stdout.flush()
        else:
            self._verify(options["tenant"], options["kept"])

    def _verify(self, slug: str | None, kept: Place | None) -> None:
        if kept is not None and slug is None:
            raise CommandError("Say whose: --tenant")
        tenants = [_tenant(slug)] if slug else list(Tenant.objects.order_by("slug"))
        broken = 0
        for tenant in tenants:
            proof = audit_chain.verify(tenant, kept)
            place = f"{proof.last.number}:{proof.last.hash.hex()}"
            self.stdout.write(f"{tenant.slug}: {proof.fault or 'whole'}, up to {place}")
            broken += bool(proof.fault)
        if broken:
            raise CommandError(f"Not whole: {broken} of {len(tenants)}")


def _tenant(slug: str) -> Tenant:
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise CommandError(f"There is no tenant {slug}.")
    return tenant


def _place(text: str) -> Place:
    number, _colon, digits = text.partition(":")
    return Place(int(number), bytes.fromhex(digits))
