"""Accounts, their signing keys, what the PLC directory was told, and who is signed in.

An account is one DID on one host. It is *pending* from its row's birth until the PLC directory
holds its DID: a pending account cannot log in, has no repo and appears in no listing. Statuses and
their precedence follow com.atproto.sync.getRepoStatus; a status is never stored by hand, Postgres
derives it from the four moments below.
"""

from django.db import models
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Lower

from hosting.models import Host


class AccountQuerySet(models.QuerySet["Account"]):
    """Accounts, in the words that callers use. Begin every query with `of(host)`."""

    def of(self, host: Host) -> "AccountQuerySet":
        return self.filter(host_id=host.pk)

    def open(self) -> "AccountQuerySet":
        """Accounts whose DID the directory holds, whatever became of them since."""
        return self.filter(opened_at__isnull=False)

    def active(self) -> "AccountQuerySet":
        return self.filter(status=Account.Status.ACTIVE)

    def named(self, did_or_handle: str) -> "AccountQuerySet":
        name = did_or_handle.strip()
        return (
            self.filter(did=name) if name.startswith("did:") else self.filter(handle=name.lower())
        )


class Account(models.Model):
    """One DID hosted by exactly one host."""

    class Status(models.TextChoices):
        PENDING = "pending"
        TAKENDOWN = "takendown"
        SUSPENDED = "suspended"
        DEACTIVATED = "deactivated"
        ACTIVE = "active"

    id = models.BigAutoField(primary_key=True)
    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="accounts")
    did = models.CharField(max_length=2048)
    handle = models.CharField(max_length=253, null=True, blank=True)  # noqa: DJ001 - null: has none
    email = models.CharField(max_length=320)  # lower case; compared as stored
    email_confirmed_at = models.DateTimeField(null=True, blank=True)
    password = models.CharField(max_length=200)  # hashed
    signing_did_key = models.CharField(max_length=100)  # names a SigningKey
    opened_at = models.DateTimeField(null=True, blank=True)
    deactivated_at = models.DateTimeField(null=True, blank=True)
    # What the owner asked for with the deactivation. Kept only: nothing acts on it yet.
    delete_after = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    taken_down_at = models.DateTimeField(null=True, blank=True)
    takedown_ref = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    status = models.GeneratedField(
        expression=Case(
            When(opened_at__isnull=True, then=Value("pending")),
            When(taken_down_at__isnull=False, then=Value("takendown")),
            When(suspended_at__isnull=False, then=Value("suspended")),
            When(deactivated_at__isnull=False, then=Value("deactivated")),
            default=Value("active"),
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = AccountQuerySet.as_manager()

    class Meta:
        db_table = "account"
        constraints = [
            models.UniqueConstraint(fields=["did"], name="account_did_is_unique"),
            models.UniqueConstraint(fields=["handle"], name="account_handle_is_unique"),
            models.UniqueConstraint(
                fields=["host", "email"], name="account_email_is_unique_a_host"
            ),
            models.CheckConstraint(
                name="account_handle_is_lower_case", condition=Q(handle=Lower("handle"))
            ),
            models.CheckConstraint(
                name="account_email_is_lower_case", condition=Q(email=Lower("email"))
            ),
        ]

    def __str__(self) -> str:
        return self.handle or self.did

    @property
    def is_active(self) -> bool:
        return bool(self.status == Account.Status.ACTIVE)


class SigningKey(models.Model):
    """A repo signing key, named by its public half. Rows are never changed, so caches never lie."""

    did_key = models.CharField(max_length=100, primary_key=True)
    wrapped = models.BinaryField()  # hosting.keyring
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "signing_key"


class PlcOperation(models.Model):
    """One signed operation that the directory must be told: the durable intent.

    The row outlives the account of a sign-up that failed, so that a directory found later to hold
    the DID can be told to forget it.
    """

    class Kind(models.TextChoices):
        GENESIS = "genesis"
        UPDATE = "update"
        TOMBSTONE = "tombstone"

    class State(models.TextChoices):
        PENDING = "pending"  # may become any of the others; those are final
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
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()  # also the lease of the attempt under way
    last_failure = models.CharField(max_length=16, choices=Failure.choices, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "plc_operation"
        constraints = [
            models.UniqueConstraint(fields=["did", "cid"], name="plc_operation_is_stored_once"),
            models.CheckConstraint(
                name="plc_operation_is_decided_when_not_pending",
                condition=Q(state="pending", decided_at__isnull=True)
                | (~Q(state="pending") & Q(decided_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], name="plc_operation_due", condition=Q(state="pending")
            )
        ]


class AppPassword(models.Model):
    """A password for one app, with fewer rights than the main one. How it is hashed:
    accounts.app_passwords."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="app_passwords")
    name = models.CharField(max_length=100)
    password_hash = models.CharField(max_length=64)  # hex
    is_privileged = models.BooleanField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "app_password"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name"], name="app_password_name_is_unique_an_account"
            )
        ]


class Session(models.Model):
    """One refresh token of the password login (com.atproto.server.createSession)."""

    jti = models.CharField(max_length=64, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sessions")
    lineage = models.UUIDField()  # shared by all successors of one login
    scope = models.CharField(max_length=64)
    app_password_name = models.CharField(  # noqa: DJ001 - null: the main password was used
        max_length=100, null=True, blank=True
    )
    next_jti = models.CharField(  # noqa: DJ001 - null: not refreshed yet
        max_length=64, null=True, blank=True
    )
    grace_ends_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "session"
        constraints = [
            models.CheckConstraint(
                name="session_has_grace_when_refreshed",
                condition=Q(next_jti__isnull=True, grace_ends_at__isnull=True)
                | Q(next_jti__isnull=False, grace_ends_at__isnull=False),
            )
        ]
        indexes = [
            models.Index(fields=["account", "lineage"], name="session_by_lineage"),
            models.Index(fields=["expires_at"], name="session_by_expiry"),
        ]


class WebSession(models.Model):
    """Someone signed in to the account pages. Only the cookie's SHA-256 is kept."""

    token_sha256 = models.CharField(max_length=64, primary_key=True)  # hex
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="web_sessions")
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField()

    class Meta:
        db_table = "web_session"
