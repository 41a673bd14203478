"""`manage.py firehose restore`: what follows a database that came back from a backup."""

from argparse import ArgumentParser

from django.core.management import BaseCommand, CommandError
from django.db.models import QuerySet

from hosting.models import Host
from repos.maintenance import restore as restoring


class Command(BaseCommand):
    """One verb a host at a time, its progress on one line."""

    help = "After a restore: move seq beyond what relays saw and announce all accounts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        restore = verbs.add_parser("restore", help=self.help)
        restore.add_argument("--host", help="a host name; all hosts without it")
        restore.add_argument(
            "--step", type=int, default=restoring.STEP, help="how far seq jumps (%(default)s)"
        )

    def handle(self, **options: object) -> None:
        step = int(str(options["step"]))
        if step < 1:
            raise CommandError("--step must be positive.")
        for host in _hosts(options["host"]):
            announced = 0
            for count in restoring.restore(host, step):
                announced += count
                self.stdout.write(f"\r{host.hostname}: {announced} accounts", ending="")
                self.stdout.flush()
            self.stdout.write(f"\r{host.hostname}: {announced} accounts announced")


def _hosts(hostname: object) -> QuerySet[Host]:
    hosts = Host.objects.order_by("pk")
    if hostname is None:
        return hosts
    if not (named := hosts.named(str(hostname))).exists():
        raise CommandError(f"There is no host named {hostname}.")
    return named
