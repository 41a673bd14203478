"""`manage.py firehose restore|tail`: after a restored backup; and what a consumer sees."""

from argparse import ArgumentParser, ArgumentTypeError
from contextlib import closing, suppress
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db.models import QuerySet

from accounts.identity.resolution import dids
from hosting.models import Host
from protocol.errors import XrpcError
from repos.maintenance import restore as restoring
from repos.maintenance.independent import streams, tail
from repos.maintenance.independent.events import RemoteError
from repos.maintenance.independent.streams import Source, StreamFailed
from repos.maintenance.independent.verification import Verifier

RESTORE = "After a restore: move seq beyond what relays saw and announce all accounts."
TAIL = "Print a firehose as a consumer gets it, read by other libraries than ours."


class Command(BaseCommand):
    """Two verbs, of a host each."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        restore = verbs.add_parser("restore", help=RESTORE)
        restore.add_argument("--host", help="a host name; all hosts without it")
        restore.add_argument(
            "--step", type=int, default=restoring.STEP, help="how far seq jumps (%(default)s)"
        )
        follow = verbs.add_parser("tail", help=TAIL)
        follow.add_argument("source", help="a host name of ours, or the URL of any host or relay")
        follow.add_argument("--cursor", type=_natural, help="the seq to go on after")
        follow.add_argument("--count", type=_natural, help="end after so many messages")
        follow.add_argument("--verify", action="store_true", help="say what is wrong with each")
        follow.add_argument("--json", action="store_true", help="an object a line")

    def handle(self, **options: Any) -> None:
        if options["verb"] == "restore":
            self._restore(options["host"], options["step"])
        else:
            with suppress(KeyboardInterrupt):
                self._tail(options)

    def _restore(self, hostname: str | None, step: int) -> None:
        if step < 1:
            raise CommandError("--step must be positive.")
        for host in _hosts(hostname):
            announced = 0
            for count in restoring.restore(host, step):
                announced += count
                self.stdout.write(f"\r{host.hostname}: {announced} accounts", ending="")
                self.stdout.flush()
            self.stdout.write(f"\r{host.hostname}: {announced} accounts announced")

    def _tail(self, options: dict[str, Any]) -> None:
        shown = tail.as_json if options["json"] else tail.as_text
        verifier = Verifier(_key_of) if options["verify"] else None
        faulty = 0
        try:
            with closing(streams.frames(_source(options["source"]), options["cursor"])) as frames:
                for found in tail.seen(islice(frames, options["count"]), verifier):
                    faulty += bool(found.faults)
                    self.stdout.write(shown(found))
                    self.stdout.flush()
        except (StreamFailed, RemoteError) as fault:
            raise CommandError(tail.short(str(fault))) from fault
        if faulty:
            raise CommandError(f"{faulty} messages have faults.")


def _hosts(hostname: str | None) -> QuerySet[Host]:
    hosts = Host.objects.order_by("pk")
    if hostname is None:
        return hosts
    if not (named := hosts.named(hostname)).exists():
        raise CommandError(f"There is no host named {hostname}.")
    return named


def _source(text: str) -> Source:
    """A URL's stream; for a host of ours this machine is asked, wherever its name leads."""
    if "://" in text:
        return Source.at(text)
    host = _hosts(text).get()
    return Source(host.hostname, is_tls=False, address=("localhost", settings.PORT))


def _key_of(did: str, is_anew: bool) -> str | None:
    try:
        return dids.resolve_did(did, fresh=is_anew).signing_key
    except XrpcError:
        return None


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError(f"not a number: {text}")
    return int(text)
