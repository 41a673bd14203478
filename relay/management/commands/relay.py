"""`manage.py relay hosts|crawl|limit|ban|lift|takedown|restore`: what the relay reads, and of whom
it passes nothing on.
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from protocol.errors import XrpcError
from relay import accounts
from relay.hosts import bans, crawl_requests, limits, listing
from relay.models import RelayHost

_PAGE = 500


class Command(BaseCommand):
    """See the module's docstring, which is also the command's help."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("hosts", help="every host, its accounts, and what was refused")
        verbs.add_parser("crawl", help="read a host").add_argument("name", help="its name")
        limit = verbs.add_parser("limit", help="allow a host so many accounts")
        limit.add_argument("name", help="the host's")
        limit.add_argument("accounts", type=int)
        ban = verbs.add_parser("ban", help="read nothing of a domain")
        lift = verbs.add_parser("lift", help="lift a domain's ban")
        takedown = verbs.add_parser("takedown", help="pass nothing of an account on")
        restore = verbs.add_parser("restore", help="pass on what an account says")
        for verb, what in ((ban, "domain"), (lift, "domain"), (takedown, "DID"), (restore, "DID")):
            verb.add_argument("name", help=f"the {what}")
        for verb in (ban, takedown):
            verb.add_argument("--reason", default="")

    def handle(self, *_args: object, **options: Any) -> None:
        """One verb; its method says what came of it."""
        try:
            getattr(self, f"_{options['verb']}")(options)
        except XrpcError as refusal:
            raise CommandError(str(refusal)) from refusal

    def _hosts(self, _options: dict[str, Any]) -> None:
        after = 0
        while page := listing.list_hosts(after, _PAGE):
            for host in page:
                counts = " ".join(f"{r.reason}={r.count}" for r in listing.rejections(host.id))
                room = "ours" if host.is_inside else f"{host.account_count}/{host.account_limit}"
                self.stdout.write(f"{host.hostname} {host.status} {host.seq} {room} {counts}")
            after = page[-1].id

    def _crawl(self, options: dict[str, Any]) -> None:
        crawl_requests.request_crawl(options["name"], is_by_staff=True)

    def _limit(self, options: dict[str, Any]) -> None:
        outside = RelayHost.objects.filter(inside_id__isnull=True)
        host = outside.filter(hostname=options["name"].lower()).first()
        if host is None:
            raise CommandError(f"The relay reads no outside host named {options['name']}.")
        woken = limits.set_account_limit(host.pk, options["accounts"])
        self.stdout.write(f"{woken} throttled accounts go on now")

    def _ban(self, options: dict[str, Any]) -> None:
        bans.ban(options["name"], options["reason"])

    def _lift(self, options: dict[str, Any]) -> None:
        bans.lift(options["name"])

    def _takedown(self, options: dict[str, Any]) -> None:
        if not accounts.take_down(options["name"], options["reason"]):
            raise CommandError(f"The relay knows no account {options['name']} that it passes on.")

    def _restore(self, options: dict[str, Any]) -> None:
        if not accounts.restore(options["name"]):
            raise CommandError(f"{options['name']} is not taken down at the relay.")
