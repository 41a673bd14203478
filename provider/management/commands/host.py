"""`manage.py host add|adopt|list|show|set|check|invite|move-accounts|drop-name|relays|...`: hosts.

What the provider sets for them, whose their names are, and how they stand with relays.

Secrets come in on standard input, a line each, so that no list of processes and no shell's history
has them. The admin password and the moderation service open com.atproto.admin.*.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, CommandParser
from django.db import transaction

from hosting.models import Host, signals
from moderation.audit import OPERATOR
from provider.adoption import adopting
from provider.adoption.adopting import Wanted
from provider.adoption.reference_directory import Directory
from provider.errors import InvalidField
from provider.management.host_options import add_settings, change
from provider.management.printing import ProviderCommand
from provider.relay_standing import announcing, checks, warnings
from provider.tenancy import host_checks, host_renames, host_settings, hosts, tenants
from provider.tenancy.host_checks import host_names
from provider.tenancy.invites import people_invites


class Command(ProviderCommand):
    """See the module's docstring."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        add = self.add_verb(verbs, "add", "Make a host of a tenant.")
        add.add_argument("name", help="the host's name: pds.acme.example")
        add.add_argument("--tenant", required=True, help="the tenant's short name")
        add.add_argument(
            "--domain", action="append", default=[], help="a handle domain; repeatable"
        )
        add.add_argument(
            "--origin", default="", help="its public URL; https and the name without it"
        )
        add_settings(add)
        adopt = self.add_verb(verbs, "adopt", "Make a host of a reference PDS's data directory.")
        adopt.add_argument("directory", type=Path)
        adopt.add_argument("--name", required=True, help="the host name that it had")
        adopt.add_argument("--tenant", required=True, help="the tenant's short name")
        adopt.add_argument("--domain", action="append", default=[], help="repeatable")
        adopt.add_argument("--origin", default="")
        adopt.add_argument("--blobs", type=Path, help="where its files are; `blocks` in it else")
        adopt.add_argument(
            "--rotation-key-file",
            type=Path,
            required=True,
            help="what PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX was",
        )
        adopt.add_argument("--dry-run", action="store_true", help="say it, and make nothing")
        listed = self.add_verb(verbs, "list", "All hosts, or those of a tenant.")
        listed.add_argument("--tenant")
        show = self.add_verb(verbs, "show", "How a host is set, and who says so.")
        show.add_argument("name")
        setting = self.add_verb(verbs, "set", "Change what is given, leave the rest; '' empties.")
        setting.add_argument("name")
        add_settings(setting)
        for verb, what in (
            ("check", "Whether the name is proved, has a certificate, and leads here."),
            ("relays", "What the relays say of a host, and what is amiss."),
            ("announce", "Tell the firehose again of every account, at the pace of relays."),
            ("request-limits", "A letter to each relay that asks for higher limits."),
        ):
            self.add_verb(verbs, verb, what).add_argument("name")
        invite = self.add_verb(verbs, "invite", "Mail an invitation to everybody on a list.")
        invite.add_argument("name")
        invite.add_argument("file", type=Path, help="an address a line, or CSV with `email`")
        invite.add_argument("--dry-run", action="store_true", help="say who would be written to")
        move = self.add_verb(
            verbs, "move-accounts", "Give a host another name, and move its accounts' DIDs to it."
        )
        move.add_argument("name")
        move.add_argument("--to", required=True, metavar="NAME", help="pds.acme.example")
        move.add_argument("--dry-run", action="store_true", help="say how many, and how long")
        drop = self.add_verb(verbs, "drop-name", "Have a host answer under its own name alone.")
        drop.add_argument("name")
        drop.add_argument("--force", action="store_true", help="though DIDs name the other one")
        remove = self.add_verb(verbs, "remove", "Remove a host that nobody ever used.")
        remove.add_argument("name")

    def do_add(self, options: dict[str, Any]) -> dict[str, Any]:
        """Make it, set what was given, and show it."""
        tenant = tenants.named(options["tenant"])
        with transaction.atomic():
            host = hosts.create(
                tenant, options["name"], options["domain"], OPERATOR, options["origin"]
            )
            change(host, options)
        return _shown(host)

    def do_adopt(self, options: dict[str, Any]) -> dict[str, Any]:
        """Make it, and say what could not be taken."""
        path = options["directory"]
        wanted = Wanted(
            options["name"],
            options["domain"],
            _key(options["rotation_key_file"]),
            options["origin"],
        )
        report = adopting.adopt(
            Directory(path, options["blobs"] or path / "blocks"),
            tenants.named(options["tenant"]),
            wanted,
            OPERATOR,
            is_dry_run=options["dry_run"],
        )
        return {
            "host": options["name"],
            **report.counts,
            "seq": report.last_seq,
            "left": report.left,
        }

    def do_list(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        """A row for each, in the order of their names."""
        found = Host.objects.select_related("tenant").prefetch_related("handle_domains")
        if options["tenant"]:
            found = found.filter(tenant=tenants.named(options["tenant"]))
        return [
            {
                "host": host.hostname,
                "tenant": host.tenant.slug,
                "domains": [domain.name for domain in host.handle_domains.all()],
            }
            for host in found.order_by("hostname")
        ]

    def do_show(self, options: dict[str, Any]) -> dict[str, Any]:
        """Every setting with its source."""
        return _shown(hosts.named(options["name"]))

    def do_set(self, options: dict[str, Any]) -> dict[str, Any]:
        """Change it: what each setting was and is."""
        host = hosts.named(options["name"])
        changed = change(host, options, OPERATOR)
        if options["request_crawl"]:
            return _crawl_requested(host)
        return {"host": host.hostname, "changed": changed}

    def do_invite(self, options: dict[str, Any]) -> dict[str, Any]:
        """Show the job that writes to them, or who they are."""
        host, listed = hosts.named(options["name"]), options["file"].read_text("utf-8-sig")
        if options["dry_run"]:
            return people_invites.shown(people_invites.preview(host, listed))
        job = people_invites.begin(OPERATOR, host, listed)
        return {"host": options["name"], "job": job.pk, "state": str(job.state)}

    def do_remove(self, options: dict[str, Any]) -> dict[str, Any]:
        """Remove it."""
        hosts.remove(hosts.named(options["name"]), OPERATOR)
        return {"host": options["name"], "state": "removed"}

    def do_check(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        """A line for each of the four; the name is looked at every week from now on."""
        found = host_names.check(hosts.named(options["name"]))
        return [
            {"check": each.subject, "verdict": each.verdict, "what": each.sentence}
            for each in found
        ]

    def do_move_accounts(self, options: dict[str, Any]) -> dict[str, Any]:
        """The job that does it, or what it would do."""
        host = hosts.named(options["name"])
        if options["dry_run"]:
            return asdict(host_renames.prepare(host, options["to"]))
        job = host_renames.begin(host, options["to"], OPERATOR)
        return {"job": job.pk, "state": str(job.state)}

    def do_drop_name(self, options: dict[str, Any]) -> dict[str, Any]:
        """Drop it, and show the host."""
        host = hosts.named(options["name"])
        host_renames.drop_name(host, OPERATOR, is_forced=options["force"])
        return _shown(Host.objects.select_related("tenant").get(pk=host.pk))

    def do_relays(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        """A row for each relay."""
        return [
            {
                "relay": each.relay,
                "status": each.error or each.status,
                "behind": each.behind_count,
                "accounts": each.account_count,
                "throttled": f"{each.throttled_count} of {each.sampled_count}",
                "amiss": [warnings.SENTENCES[warnings.Warned(word)] for word in each.warnings],
            }
            for each in checks.of_host(hosts.named(options["name"]))
        ]

    def do_announce(self, options: dict[str, Any]) -> dict[str, Any]:
        """The job that does it."""
        job = announcing.begin(hosts.named(options["name"]), OPERATOR)
        return {"job": job.pk, "state": str(job.state)}

    def do_request_limits(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        """A letter for each relay."""
        found = checks.of_host(hosts.named(options["name"]))
        return [{"letter": warnings.request_text(each)} for each in found]


def _key(file: Path) -> bytes:
    """The 32 bytes of a key in a file. Raises InvalidField."""
    try:
        key = bytes.fromhex(file.read_text().strip())
    except (OSError, ValueError):
        key = b""
    if len(key) != 32:
        raise InvalidField("rotation_key_file", "The file has 64 hexadecimal digits in it.")
    return key


def _crawl_requested(host: Host) -> dict[str, Any]:
    """Ask the relays; what each of them said."""
    if not settings.CRAWLERS:
        raise CommandError("No relay to ask: name them in GROVE_CRAWLERS.")
    answers: list[tuple[Any, Any]] = signals.crawl_requested.send(sender=Host, host=host)
    failures: dict[str, str] = {}
    for _, answer in answers:
        failures |= answer
    said = {relay: failure or "asked" for relay, failure in failures.items()}
    if any(failures.values()):
        raise CommandError("; ".join(f"{relay}: {word}" for relay, word in said.items()))
    return said


def _shown(host: Host) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "host": host.hostname,
        "tenant": host.tenant.slug,
        "other name": host.other_hostname or "",
        "origin": host.origin,
        "service DID": host.service_did,
        "domains": [domain.name for domain in host.handle_domains.all()],
        "admin-password": "set" if host.admin_password else "none",
    }
    if said := host_checks.same_site_said(host):
        shown["amiss"] = said
    shown["settings"] = {
        each.setting.name: {"value": each.value, "source": str(each.source)}
        for each in host_settings.current(host)
    }
    return shown
