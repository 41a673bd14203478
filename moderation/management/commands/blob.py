"""`manage.py blob deny|allow|list`: what may not be uploaded, host by host.

Every change lands in the host's audit log, by the member of staff whom `--by` names or else by
`admin`.
"""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from hosting.models import Host, HostQuerySet
from moderation.enforcement import denied_blobs
from moderation.management import actors
from protocol import cid
from protocol.errors import XrpcError
from repos.blobs.scanning import DENY_LIST


class Command(BaseCommand):
    """See the module's docstring, which is also the command's help."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        for verb in ("deny", "allow", "list"):
            sub = verbs.add_parser(verb)
            sub.add_argument("--host", help="a host name")
            sub.add_argument("--every-host", action="store_true")
            if verb != "list":
                sub.add_argument("cid", help="of the bytes, bafkrei...")
                sub.add_argument("--reason", required=True, help="for the audit log")
                sub.add_argument("--by", help="a member of staff's name")

    def handle(self, *_args: object, **options: Any) -> None:
        """One verb at the hosts that were named."""
        hosts = _hosts(options["host"], options["every_host"])
        if DENY_LIST not in settings.BLOB_SCANNERS:
            self.stderr.write(f"The deny list is not used: GROVE_BLOB_SCANNERS lacks {DENY_LIST}.")
        if options["verb"] == "list":
            for host in hosts:
                for text, reason in denied_blobs.denied(host):
                    self.stdout.write(f"{host.hostname} {text} {reason}")
            return
        verb = denied_blobs.deny if options["verb"] == "deny" else denied_blobs.allow
        blob_cid, actor = _cid(options["cid"]), actors.named(options["by"])
        for host in hosts:
            try:
                verb(actor, host, blob_cid, options["reason"])
            except XrpcError as refusal:
                raise CommandError(f"{host.hostname}: {refusal}") from refusal


def _hosts(hostname: str | None, is_every: bool) -> HostQuerySet:
    if is_every == bool(hostname):
        raise CommandError("Name a --host, or say --every-host.")
    hosts = Host.objects.order_by("pk")
    if hostname is None:
        return hosts
    if not (named := hosts.named(hostname)).exists():
        raise CommandError(f"There is no host named {hostname}.")
    return named


def _cid(text: str) -> bytes:
    try:
        raw = cid.from_text(text)
    except cid.InvalidCid as fault:
        raise CommandError(str(fault)) from fault
    if not cid.is_raw(raw):
        raise CommandError(f"That is the CID of a record, not of a blob: {text}")
    return raw
