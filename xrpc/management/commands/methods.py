"""`manage.py methods`: the list of methods that docs/methods.md is made of."""

from django.core.management import BaseCommand
from django.urls import get_resolver

from xrpc.management import method_list


class Command(BaseCommand):
    """Print the document."""

    help = "Print docs/methods.md, made from the declared methods."
    requires_system_checks = ()

    def handle(self, **options: object) -> None:  # noqa: ARG002 - Django's signature
        _ = get_resolver().url_patterns  # importing the routes declares the methods
        self.stdout.write(method_list.render(), ending="")
