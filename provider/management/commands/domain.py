"""`manage.py domain add|list|check|remove`: the domains under which hosts give out handles."""

from typing import Any

from django.core.management import CommandParser

from hosting.models import HandleDomain
from moderation.audit import OPERATOR
from provider.management.printing import ProviderCommand
from provider.tenancy import domain_checks, domains, hosts


class Command(ProviderCommand):
    """See the module's docstring."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        add = self.add_verb(verbs, "add", "Give a host one more domain.")
        add.add_argument("host", help="the host's name: pds.acme.example")
        add.add_argument("domain", help="the domain: .acme.example")
        listed = self.add_verb(verbs, "list", "All domains, or those of a host.")
        listed.add_argument("--host")
        check = self.add_verb(verbs, "check", "Ask DNS, TLS and HTTPS, and say what to mend.")
        check.add_argument("domain")
        remove = self.add_verb(verbs, "remove", "Take a domain away that nobody uses.")
        remove.add_argument("domain")
        remove.add_argument(
            "--force",
            action="store_true",
            help="also when it is in use: accounts live on and their owners are asked for a handle",
        )

    def do_add(self, options: dict[str, Any]) -> dict[str, Any]:
        """Add it behind the others."""
        domain = domains.add(hosts.named(options["host"]), options["domain"], OPERATOR)
        return {"domain": domain.name, "host": domain.host.hostname}

    def do_list(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        """In the order in which people are offered them."""
        found = HandleDomain.objects.select_related("host__tenant")
        if options["host"]:
            found = found.filter(host=hosts.named(options["host"]))
        return [
            {"domain": each.name, "host": each.host.hostname, "tenant": each.host.tenant.slug}
            for each in found.order_by("host__hostname", "position", "name")
        ]

    def do_check(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        """A line for each of the three."""
        found = domain_checks.check(domains.named(options["domain"]))
        return [
            {"check": each.subject, "verdict": each.verdict, "what": each.sentence}
            for each in found
        ]

    def do_remove(self, options: dict[str, Any]) -> dict[str, Any]:
        """How many accounts lost their handle."""
        domain = domains.named(options["domain"])
        lost = domains.remove(domain, OPERATOR, is_forced=options["force"])
        return {"domain": domain.name, "state": "removed", "handles lost": lost}
