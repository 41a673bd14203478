"""`manage.py reset_staff_factors NAME`: remove every second factor of a member of staff who lost
them all. The password stays; outside of a sandbox they set a new factor up when they sign in."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.authentication.factors import changes, holders
from hosting.models import Host, StaffUser


class Command(BaseCommand):
    """See the module's docstring, which is also the command's help."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the name that they sign in with")

    def handle(self, *_args: object, **options: Any) -> None:
        """One member of staff."""
        staff = StaffUser.objects.filter(username=options["name"]).first()
        host = Host.objects.select_related("tenant").order_by("pk").first()
        if staff is None or host is None:
            raise CommandError(f"No member of staff is called {options['name']}")
        changes.reset(holders.of_staff(host, staff))
        self.stdout.write(f"{staff} signs in with the password alone now.")
