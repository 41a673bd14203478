"""How our hosts stand with the relays that read them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from hosting.models import Host


class RelayStanding(models.Model):
    """What one relay said of one host, and of some of its accounts, when it was last asked."""

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="relay_standings")
    relay = models.TextField()  # its origin
    checked_at = models.DateTimeField()
    status = models.CharField(max_length=60, blank=True)  # the relay's word; empty: no answer
    seq = models.BigIntegerField(null=True)  # how far it has read
    own_seq = models.BigIntegerField(default=0)  # how far we were then
    account_count = models.BigIntegerField(null=True)  # that it ever saw of us
    sampled_count = models.PositiveSmallIntegerField(default=0)  # accounts that were asked about
    throttled_count = models.PositiveSmallIntegerField(default=0)  # of those
    missing_count = models.PositiveSmallIntegerField(default=0)  # of those, unknown to the relay
    hour_count = models.BigIntegerField(default=0)  # our events in the hour before
    day_count = models.BigIntegerField(default=0)
    warnings = ArrayField(models.CharField(max_length=40), default=list)  # of the last check
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "relay_standing"
        constraints = [
            models.UniqueConstraint(fields=["host", "relay"], name="relay_standing_is_one_a_pair")
        ]

    def __str__(self) -> str:
        return f"{self.host} at {self.relay}: {self.status}"

    @property
    def behind_count(self) -> int:
        """Events of ours that the relay had not read."""
        return max(0, self.own_seq - self.seq) if self.seq is not None else self.own_seq
