"""Accounts: one DID on one host.

An account is *pending* from its row's birth until the PLC directory holds its DID: a pending
account cannot log in, has no repo and appears in no listing. Statuses and their precedence follow
com.atproto.sync.getRepoStatus; a status is never stored by hand, Postgres derives it from the four
moments below.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hosting.models import Host, HostQuerySet
from server.database.search_indexes import domain_of, index_of_beginnings

EMAIL_TRUSTED_AFTER: Final = timedelta(hours=72)


class AccountQuerySet(models.QuerySet["Account"]):
    """Accounts, in the words that callers use. Begin every query with `of(host)` or `at(hosts)`."""

    def of(self, host: Host) -> "AccountQuerySet":
        return self.filter(host_id=host.pk)

    def at(self, hosts: HostQuerySet) -> "AccountQuerySet":
        return self.filter(host__in=hosts)

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
    host = models.ForeignKey(  # account_by_host begins with it
        Host, on_delete=models.PROTECT, related_name="accounts", db_index=False
    )
    did = models.CharField(max_length=2048)
    handle = models.CharField(max_length=253, null=True, blank=True)  # noqa: DJ001 - null: has none
    email = models.CharField(max_length=320)  # lower case; compared as stored
    email_confirmed_at = models.DateTimeField(null=True, blank=True)
    # When the address took another's place without a code from that one:
    # accounts.authentication.email_address
    email_replaced_at = models.DateTimeField(null=True, blank=True)
    has_email_auth_factor = models.BooleanField(default=False)  # wished for; see the property
    # Apps sign in by OAuth alone: no password, no app password at com.atproto.server.createSession.
    is_oauth_only = models.BooleanField(default=False, db_default=False)
    language = models.CharField(  # chosen by its owner, for e-mails; empty: the host's
        max_length=10, blank=True, default="", db_default=""
    )
    password = models.CharField(max_length=200)  # hashed
    signing_did_key = models.CharField(max_length=100)  # names a SigningKey of its own
    opened_at = models.DateTimeField(null=True, blank=True)
    deactivated_at = models.DateTimeField(null=True, blank=True)
    # What the owner asked for with the deactivation: accounts.lifecycle.deletion acts on it.
    delete_after = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    # When moderation.enforcement.suspensions lifts it; null: when staff do.
    suspended_until = models.DateTimeField(null=True, blank=True)
    held_at = models.DateTimeField(null=True, blank=True)  # a legal hold: no sweep forgets anything
    uploads_blocked_at = models.DateTimeField(null=True, blank=True)  # repos.blobs.uploads
    taken_down_at = models.DateTimeField(null=True, blank=True)
    takedown_ref = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # What the DID was last seen to say, and when (accounts.identity.published_dids). Empty: our own
    # rows do.
    did_document = models.TextField(blank=True, default="", db_default="")
    did_seen_at = models.DateTimeField(null=True, blank=True)
    did_looked_at = models.DateTimeField(null=True, blank=True)  # accounts.identity.plc.did_refresh
    # Whether this host may change a did:plc; null: nobody has looked yet.
    has_rotation_key = models.BooleanField(null=True, blank=True)
    # When the firehose said that its tenant is suspended; null: it says nothing of that
    announced_suspended_at = models.DateTimeField(null=True, blank=True)
    moved_away_at = models.DateTimeField(null=True, blank=True)  # the DID names another host
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
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            # At one host: while somebody moves from one host of ours to another, both have the DID,
            # and a handle of the person's own domain too. A domain of ours belongs to one host.
            models.UniqueConstraint(fields=["host", "did"], name="account_did_is_unique"),
            models.UniqueConstraint(fields=["host", "handle"], name="account_handle_is_unique"),
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
        indexes = [  # over all hosts: who has this name in the world
            models.Index(fields=["did"], name="account_by_did"),
            index_of_beginnings("handle", "account_handle_begins"),
            # For staff: moderation.console.lists.accounts, moderation.staff.account_search
            index_of_beginnings("email", "account_email_begins"),
            models.Index(F("host"), domain_of("email"), F("id"), name="account_email_domain"),
            models.Index(fields=["host", "id"], name="account_by_host"),
            models.Index(
                fields=["status", "id"],
                name="account_not_active",
                condition=~Q(status="active"),
            ),
            models.Index(  # moderation.enforcement.suspensions asks every minute
                fields=["suspended_until"],
                name="account_suspended_until",
                condition=Q(suspended_until__isnull=False),
            ),
            models.Index(  # provider.tenancy.suspensions takes these back
                fields=["host", "id"],
                name="account_announced_suspended",
                condition=Q(announced_suspended_at__isnull=False),
            ),
            models.Index(  # accounts.lifecycle.deletion asks every minute
                fields=["delete_after"],
                name="account_delete_after",
                condition=Q(delete_after__isnull=False),
            ),
            models.Index(  # and accounts.identity.plc.did_refresh
                F("did_looked_at").asc(nulls_first=True),
                name="account_did_looked_at",
                condition=Q(opened_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.handle or self.did

    @property
    def is_active(self) -> bool:
        return bool(self.status == Account.Status.ACTIVE)

    @property
    def is_email_trusted(self) -> bool:
        """Whether a code from the mailbox may open what the account's owner alone should: not while
        the address is new and nobody proved the one before it to be theirs. Somebody with a stolen
        session could have put it there, and would confirm it, too."""
        return self.email_trusted_at is None or self.email_trusted_at <= timezone.now()

    @property
    def email_trusted_at(self) -> datetime | None:
        """When the address becomes trusted; None for one that always was."""
        replaced_at = self.email_replaced_at
        return None if replaced_at is None else replaced_at + EMAIL_TRUSTED_AFTER

    @property
    def needs_email_code(self) -> bool:
        """Whether signing in takes a mailed code, too: only an address that is known to be theirs
        may stand between people and their account."""
        return self.has_email_auth_factor and self.email_confirmed_at is not None


class Preference(models.Model):
    """One item of app.bsky.actor.putPreferences, as its app wrote it. The order of the list
    counts."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="preferences")
    position = models.PositiveIntegerField()
    name = models.TextField()  # its `$type`
    value = models.TextField()  # JSON as it was sent: jsonb would reorder it

    class Meta:
        db_table = "account_preference"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "position"], name="account_preference_has_one_place"
            )
        ]

    def __str__(self) -> str:
        return self.name


class AccountLimits(models.Model):
    """Limits of one account, where they are not those of its tenant's plan: a number for each that
    is its own, null for none (hosting.plans.limits)."""

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.CASCADE, related_name="own_limits"
    )
    limits = models.JSONField(default=dict)
    warned = models.JSONField(default=dict)  # per cent that its owner was written to about

    class Meta:
        db_table = "account_limits"
