"""Signing keys, rotation keys of people, and operations and logs of the PLC directory."""

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
    # What an update is for, so that it can be made anew on another predecessor; all empty for the
    # operations of genesis, for those that their owners made and signed, and for moves.
    new_handle = models.CharField(max_length=253, blank=True)  # kept for the account while open
    new_signing_did_key = models.CharField(max_length=100, blank=True)
    added_rotation_key = models.CharField(max_length=256, blank=True, default="", db_default="")
    removed_rotation_key = models.CharField(max_length=256, blank=True, default="", db_default="")
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


class RecoveryKey(models.Model):
    """A rotation key that the account's owner says is theirs: the public half. Whether the DID
    lists it is the directory's word (`SeenPlcLog`). The private half was never here."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="recovery_keys")
    did_key = models.CharField(max_length=256)
    name = models.CharField(max_length=64, blank=True)  # what the owner calls it
    created_at = models.DateTimeField(auto_now_add=True)
    proven_at = models.DateTimeField(null=True, blank=True)  # it signed a challenge of ours

    class Meta:
        db_table = "recovery_key"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "did_key"], name="recovery_key_is_kept_once_an_account"
            )
        ]

    def __str__(self) -> str:
        return self.did_key


class SeenPlcLog(models.Model):
    """The log of an account's did:plc as the directory last told it: it may be down."""

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.CASCADE, related_name="plc_log"
    )
    entries = models.JSONField()  # as `/log/audit` has them, the newest that fit
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "seen_plc_log"
