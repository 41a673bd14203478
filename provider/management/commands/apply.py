"""`manage.py apply FILE`: tenants, hosts and settings as a file has them (provider.tenancy)."""

import sys
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from protocol.errors import XrpcError
from provider.tenancy import config_file


class Command(BaseCommand):
    """Say each difference, and make it so unless it is a dry run."""

    help = "Make tenants, hosts, domains and settings as a TOML file says; twice is the same."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the file, or - for standard input")
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")

    def handle(self, *_args: object, **options: Any) -> None:
        """All of the file, or nothing."""
        try:
            document = config_file.read(_text(options["file"]))
            said = config_file.apply(document, is_dry_run=options["dry_run"])
        except XrpcError as refusal:
            at = f"{refusal.field}: " if refusal.field else ""
            raise CommandError(f"{at}{refusal.message}") from refusal
        for line in said or ["Nothing differs."]:
            self.stdout.write(line)


def _text(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text()
    except (OSError, UnicodeDecodeError) as fault:
        raise CommandError(f"{name} cannot be read: {fault}") from fault
