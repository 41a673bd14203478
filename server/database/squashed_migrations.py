"""Squashed migrations (`replaces`): databases in which only some of the replaced ones ran.

Django takes such migrations out of its plan without a word and would leave the tables as they are.
"""

from django.core.management import CommandError
from django.db.migrations.loader import MigrationLoader

# The last commit that has the migrations of before. A database that ran on it has all of them.
LAST_WITH_OLD_MIGRATIONS = "0dca1c9"


def refuse_partial(loader: MigrationLoader) -> None:
    """Raise CommandError, which says what to do, when a squashed migration is applied in part."""
    for squashed in loader.replacements.values():
        missing = [each for each in squashed.replaces if each not in loader.applied_migrations]
        if missing and len(missing) < len(squashed.replaces):
            raise CommandError(
                f"This database is older than this version can upgrade: {'.'.join(missing[0])} and"
                f" perhaps more never ran. Start Grove at commit {LAST_WITH_OLD_MIGRATIONS} on it"
                f" once, then start this version (docs/operators/upgrade.md)."
            )
