"""Accounts of outside hosts, as the relay knows them."""

from django.db import models

from relay.models.hosts import RelayHost


class RelayAccount(models.Model):
    """An account of an outside host: where it is, its status there and here, its newest commit.

    Our own accounts have a row only where one is taken down at the relay, or has moved.
    """

    class Status(models.TextChoices):
        """com.atproto.sync.subscribeRepos#account: `status`; "active" stands for none."""

        ACTIVE = "active"
        TAKENDOWN = "takendown"
        SUSPENDED = "suspended"
        DELETED = "deleted"
        DEACTIVATED = "deactivated"
        DESYNCHRONIZED = "desynchronized"
        THROTTLED = "throttled"

    did = models.TextField(db_collation="C")
    host = models.ForeignKey(RelayHost, on_delete=models.PROTECT, related_name="accounts")
    host_status = models.TextField(choices=Status.choices, default=Status.ACTIVE)  # as it says
    is_throttled = models.BooleanField(default=False)  # it came beyond the host's account limit
    taken_down_at = models.DateTimeField(null=True)  # at the relay
    takedown_reason = models.TextField(blank=True, default="", db_default="")
    is_status_told = models.BooleanField(default=True, db_default=True)  # by an #account event
    rev = models.TextField(default="", db_default="")  # of the newest commit that went on
    head = models.BinaryField(null=True)  # CID of that commit
    data = models.BinaryField(null=True)  # CID of its tree, which the next one's prevData names
    desynchronized_at = models.DateTimeField(null=True)  # its commits do not follow each other
    repair_after = models.DateTimeField(null=True)
    repair_failures = models.SmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "relay_account"
        constraints = [models.UniqueConstraint(fields=["did"], name="relay_account_is_one_a_did")]
        indexes = [
            models.Index(fields=["host", "id"], name="relay_account_by_host"),
            models.Index(
                fields=["id"],
                condition=models.Q(is_status_told=False),
                name="relay_account_untold",
            ),
            models.Index(
                fields=["repair_after"],
                condition=models.Q(desynchronized_at__isnull=False),
                name="relay_account_to_repair",
            ),
        ]

    def __str__(self) -> str:
        return self.did

    @property
    def status(self) -> str:
        """The combined status, the relay's own word first: "active", or why it is not."""
        if self.taken_down_at is not None:
            return self.Status.TAKENDOWN
        if self.host_status != self.Status.ACTIVE:
            return self.host_status
        if self.is_throttled:
            return self.Status.THROTTLED
        if self.desynchronized_at is not None:
            return self.Status.DESYNCHRONIZED
        return self.Status.ACTIVE
