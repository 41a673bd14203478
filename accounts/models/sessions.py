"""Sessions, and app passwords."""

from django.db import models
from django.db.models import Q

from accounts.models.accounts import Account


class AppPassword(models.Model):
    """A password for one app, with fewer rights than the main one. How it is hashed:
    accounts.authentication.app_passwords."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="app_passwords")
    name = models.CharField(max_length=100)
    password_hash = models.CharField(max_length=80)  # hex, how it was made before it
    is_privileged = models.BooleanField()
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)  # to sign in; to the hour

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
    account = models.ForeignKey(  # `session_by_lineage` begins with it
        Account, on_delete=models.CASCADE, related_name="sessions", db_index=False
    )
    lineage = models.UUIDField()  # shared by all successors of one login
    scope = models.CharField(max_length=64)
    app_password_name = models.CharField(  # noqa: DJ001 - null: the main password was used
        max_length=100, null=True, blank=True
    )
    next_jti = models.CharField(  # noqa: DJ001 - null: not refreshed yet
        max_length=64, null=True, blank=True
    )
    grace_ends_at = models.DateTimeField(null=True, blank=True)
    signed_in_at = models.DateTimeField(null=True, blank=True)  # when the lineage began
    place = models.CharField(max_length=50, blank=True, db_default="", default="")  # as SignIn's
    agent = models.CharField(max_length=200, blank=True, db_default="", default="")
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
    # When they last proved who they are, by a password or a passkey; null: before that was noted.
    proved_at = models.DateTimeField(null=True, blank=True)
    place = models.CharField(max_length=50, blank=True, db_default="", default="")  # as SignIn's
    agent = models.CharField(max_length=200, blank=True, db_default="", default="")

    class Meta:
        db_table = "web_session"
