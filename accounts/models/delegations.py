"""Delegations: who may act for an account, and what they did.

Source: docs/decisions/0049. A controller is a DID, of this host or any other; how it is proven that
somebody has it is for accounts.delegation and the pages.
"""

from django.db import models
from django.db.models import Q

from accounts.models.accounts import Account
from hosting.models import Host


class Delegation(models.Model):
    """A controller of an account: invited, and from `accepted_at` on one who acts.

    Sessions by which the controller acts point here and go with the row, so that whoever removes it
    has ended them (docs/decisions/0028).
    """

    class Role(models.TextChoices):
        OWNER = "owner"
        ADMIN = "admin"
        EDITOR = "editor"
        VIEWER = "viewer"
        CUSTOM = "custom"

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(  # the constraint's index begins with it
        Account, on_delete=models.CASCADE, related_name="delegations", db_index=False
    )
    controller_did = models.CharField(max_length=2048)
    handle = models.CharField(max_length=253, blank=True)  # as it was when they were invited
    role = models.CharField(max_length=10, choices=Role.choices)
    scope = models.TextField(blank=True)  # of CUSTOM: what apps may do, as in `scope` of OAuth
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, db_index=True)  # of an invitation
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "delegation"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "controller_did"], name="delegation_is_one_a_controller"
            ),
            models.CheckConstraint(
                name="delegation_is_invited_or_accepted",
                condition=Q(accepted_at__isnull=True, expires_at__isnull=False)
                | Q(accepted_at__isnull=False, expires_at__isnull=True),
            ),
            models.CheckConstraint(
                name="delegation_has_scopes_of_its_own_or_a_role",
                condition=Q(role="custom") | Q(scope=""),
            ),
        ]
        indexes = [models.Index(fields=["controller_did"], name="delegation_of_controller")]

    def __str__(self) -> str:
        return f"{self.controller_did} for {self.account_id}"

    @property
    def name(self) -> str:
        """How the controller is shown."""
        return f"@{self.handle}" if self.handle else self.controller_did


class DelegatedDeed(models.Model):
    """One thing that a controller did to an account. It outlives the delegation; the sweep removes
    it (accounts.delegation.log)."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="delegated_deeds", db_index=False
    )
    controller_did = models.CharField(max_length=2048)
    deed = models.CharField(max_length=200)  # `commit`, a method's NSID, or `page:` and its name
    detail = models.TextField(blank=True)  # of a commit: what became of which records
    count = models.IntegerField(default=1, db_default=1)  # how often in the minute of `at`
    at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "delegated_deed"
        indexes = [models.Index(fields=["account", "-at"], name="delegated_deed_of_account")]


class ControllerSession(models.Model):
    """A browser in which somebody who lives at another host proved their DID, by OAuth there, to
    act for accounts of this host. Only the cookie's SHA-256 is kept."""

    token_sha256 = models.CharField(max_length=64, primary_key=True)  # hex
    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="+")
    did = models.CharField(max_length=2048)
    handle = models.CharField(max_length=253, blank=True)  # proven then
    proved_at = models.DateTimeField(db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "controller_session"
        indexes = [models.Index(fields=["did"], name="controller_session_of_did")]

    @property
    def name(self) -> str:
        """How they are shown."""
        return f"@{self.handle}" if self.handle else self.did
