"""Signing keys, and operations for the PLC directory."""

from django.db import models
from django.db.models import Q

from accounts.models.accounts import Account
from hosting.models import Host
from server.jobs.leased_job import LeasedJob, due_index, open_or_decided
from server.jobs.life_cycle import OPEN


class SigningKey(models.Model):
    """A repo signing key, named by its public half, of one DID at one host.

    Rows are never changed but for a reserved key that finds its owner, so caches never lie (the
    trigger `signing_key_keeps_its_owner`). Foreign keys from `account` and `reserved_key` to key,
    host and DID together see to it that nobody signs with another's key or takes it away.
    """

    did_key = models.CharField(max_length=100, primary_key=True)
    # Null: made before keys had owners, and nothing tells whose it was. Nobody can use it.
    host = models.ForeignKey(
        Host, null=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    did = models.CharField(
        max_length=2048, blank=True, default="", db_default=""
    )  # empty: reserved, unclaimed
    wrapped = models.BinaryField()  # server.encryption.keyring
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "signing_key"
        constraints = [
            models.UniqueConstraint(
                fields=["did_key", "host", "did"], name="signing_key_has_one_owner"
            )
        ]
        indexes = [models.Index(fields=["did"], name="signing_key_by_owner")]


class ReservedKey(models.Model):
    """A signing key made for somebody who is about to move in (reserveSigningKey)."""

    host = models.ForeignKey(Host, on_delete=models.CASCADE)
    did = models.CharField(max_length=2048, blank=True)  # empty: nobody in particular
    key = models.OneToOneField(SigningKey, on_delete=models.PROTECT, db_column="did_key")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "reserved_key"
        constraints = [
            models.UniqueConstraint(
                fields=["host", "did"], name="reserved_key_is_one_a_did", condition=~Q(did="")
            )
        ]


class PlcOperation(LeasedJob):
    """One signed operation that the directory must be told: the durable intent.

    The row outlives the account of a sign-up that failed, so that a directory found later to hold
    the DID can be told to forget it.
    """

    class Kind(models.TextChoices):
        GENESIS = "genesis"
        UPDATE = "update"
        TOMBSTONE = "tombstone"

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        PUBLISHED = "published"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    class Failure(models.TextChoices):
        UNREACHABLE = "unreachable"  # it was certainly not accepted
        UNKNOWN = "unknown"  # a time-out or a 5xx: it may have been accepted
        REFUSED = "refused"

    did = models.CharField(max_length=2048)
    account = models.ForeignKey(
        Account, null=True, on_delete=models.SET_NULL, related_name="plc_operations"
    )
    kind = models.CharField(max_length=16, choices=Kind.choices)
    operation = models.JSONField()  # signed
    cid = models.CharField(max_length=100)
    # What an update is for, so that it can be made anew on another predecessor; both empty for the
    # operations of genesis, and for those that their owners made and signed.
    new_handle = models.CharField(max_length=253, blank=True)  # kept for the account while open
    new_signing_did_key = models.CharField(max_length=100, blank=True)
    state = models.TextField(choices=State.choices, default=State.WAITING)
    last_failure = models.CharField(max_length=16, choices=Failure.choices, blank=True)

    class Meta:
        db_table = "plc_operation"
        constraints = [
            models.UniqueConstraint(fields=["did", "cid"], name="plc_operation_is_stored_once"),
            models.UniqueConstraint(
                fields=["new_handle"],
                name="plc_operation_keeps_a_handle_once",
                condition=Q(state__in=[*OPEN]) & ~Q(new_handle=""),
            ),
            open_or_decided("plc_operation"),
        ]
        indexes = [due_index("plc_operation")]
