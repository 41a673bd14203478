"""Accounts that move in: where each comes from and how far it is."""

from django.db import models

from accounts.models.accounts import Account
from hosting.models import HostQuerySet


class ArrivalQuerySet(models.QuerySet["Arrival"]):
    """Arrivals, in the words that callers use."""

    def at(self, hosts: HostQuerySet) -> "ArrivalQuerySet":
        return self.filter(account__host__in=hosts)

    def on_the_way(self) -> "ArrivalQuerySet":
        """Not activated yet: nobody outside has heard of the account here."""
        return self.filter(activated_at__isnull=True)

    def still_elsewhere(self) -> "ArrivalQuerySet":
        """On the way, and nobody has seen the DID name this host yet."""
        return self.on_the_way().filter(handed_over_at__isnull=True)


class Arrival(models.Model):
    """One account that moved in, or is about to. Kept after the end: it says where blobs may be."""

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.CASCADE, related_name="arrival"
    )
    moved_from = models.CharField(
        max_length=300, blank=True
    )  # origin of the PDS before; or unknown
    created_at = models.DateTimeField()
    # When the DID was last asked where it lives, and when it first said: here.
    looked_at = models.DateTimeField(null=True, blank=True)
    handed_over_at = models.DateTimeField(null=True, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)

    objects = ArrivalQuerySet.as_manager()

    class Meta:
        db_table = "arrival"
        indexes = [
            models.Index(
                fields=["looked_at"],
                name="arrival_on_the_way",
                condition=models.Q(activated_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.account} from {self.moved_from or 'somewhere'}"
