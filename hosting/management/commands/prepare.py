"""`manage.py prepare`: migrations, and the first staff and hosts.

What every start runs before anything serves; where there is nothing to do it only looks.
"""

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from hosting.tenancy import provisioning
from server.database import applied_migrations, squashed_migrations
from server.encryption import keyring


class Command(BaseCommand):
    """Migrate when something is to be migrated, then seed."""

    help = "Migrate the database, make the first member of staff and the sandbox's tenants."
    requires_system_checks = ()

    def handle(self, **options: object) -> None:  # noqa: ARG002 - Django's signature
        if not applied_migrations.are_all():
            _migrate()
        _check_keys()
        provisioning.seed_admin()
        if settings.SANDBOX:
            provisioning.seed_sandbox()


def _migrate() -> None:
    executor = MigrationExecutor(connection)
    squashed_migrations.refuse_partial(executor.loader)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    else:
        executor.check_replacements()  # notes squashed migrations whose originals all ran


def _check_keys() -> None:
    try:
        provisioning.check_keys()
    except keyring.KeyringError as reason:
        raise CommandError(
            f"The database's keys cannot be unwrapped: {reason}. Put the backup of"
            f" {settings.KEK_FILE} back, or give the key as GROVE_KEK."
        ) from reason
