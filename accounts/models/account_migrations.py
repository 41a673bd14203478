"""Inbound account migrations: where each account comes from and how far it is."""

from django.db import models

from accounts.models.accounts import Account
from hosting.models import HostQuerySet


class AccountMigrationQuerySet(models.QuerySet["AccountMigration"]):
    """Migrations, in the words that callers use."""

    def at(self, hosts: HostQuerySet) -> "AccountMigrationQuerySet":
        return self.filter(account__host__in=hosts)

    def pending(self) -> "AccountMigrationQuerySet":
        """Not activated yet: nobody outside has heard of the account here."""
        return self.filter(activated_at__isnull=True)

    def before_did_update(self) -> "AccountMigrationQuerySet":
        """Pending, and nobody has seen the DID name this host yet."""
        return self.pending().filter(did_updated_at__isnull=True)


class AccountMigration(models.Model):
    """One account that moved in, or is about to. Kept after the end: it says where blobs may be."""

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.CASCADE, related_name="migration"
    )
    moved_from = models.CharField(
        max_length=300, blank=True
    )  # origin of the PDS before; or unknown
    created_at = models.DateTimeField()
    # When the DID was last asked where it lives, and when it first said: here.
    looked_at = models.DateTimeField(null=True, blank=True)
    did_updated_at = models.DateTimeField(null=True, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)

    objects = AccountMigrationQuerySet.as_manager()

    class Meta:
        db_table = "account_migration"
        indexes = [
            models.Index(
                fields=["looked_at"],
                name="account_migration_pending",
                condition=models.Q(activated_at__isnull=True),
            ),
            models.Index(  # moderation.console.people.account_migrations
                models.F("activated_at").desc(nulls_first=True),
                models.F("created_at").desc(),
                name="account_migration_newest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} from {self.moved_from or 'somewhere'}"
