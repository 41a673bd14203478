"""What happened to an account's security: who signed in or tried to, and what was changed.

Both are for the account's owner to read. Of whoever did it, kept is a part of the network and what
the browser or app called itself.
"""

from django.db import models

from accounts.models.accounts import Account


class SignIn(models.Model):
    """One attempt to sign in, successful or not (accounts.authentication.sign_ins)."""

    class Way(models.TextChoices):
        PASSWORD = "password"  # noqa: S105 - a way's name
        APP_PASSWORD = "app_password"  # noqa: S105 - a way's name
        PASSKEY = "passkey"
        TWO_STEPS = "two_steps"  # the password, and a second factor
        OPENID = "openid"  # at a provider of the tenant

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    is_success = models.BooleanField()
    way = models.CharField(max_length=20, choices=Way.choices)
    # The host name of the app that it was for, by OAuth; empty: an own page, or no OAuth.
    client_host = models.CharField(max_length=253, blank=True, db_default="", default="")
    place = models.CharField(max_length=50)  # an IPv4 /24 or IPv6 /48
    agent = models.CharField(max_length=200, blank=True)  # what the browser or app calls itself
    at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "sign_in"
        indexes = [
            models.Index(fields=["account", "is_success", "-at"], name="sign_in_of_account"),
            # Who else comes from there: moderation.desk.subjects.dossier
            models.Index(fields=["place", "account"], name="sign_in_by_place"),
        ]


class SecurityChange(models.Model):
    """A change of what keeps an account its owner's (accounts.authentication.security_changes).

    With `undo_sha256` somebody who has the e-mail about it can take it back until `undo_until`;
    `undo` is what that takes.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="security_changes", db_index=False
    )
    kind = models.CharField(max_length=40)
    detail = models.CharField(max_length=320, blank=True)  # which one: a name, an address
    place = models.CharField(max_length=50, blank=True)  # as SignIn's; empty: not known
    at = models.DateTimeField(db_index=True)
    undo = models.JSONField(default=dict)
    undo_sha256 = models.CharField(  # noqa: DJ001 - null: it cannot be taken back
        max_length=64, null=True, unique=True
    )
    undo_until = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "security_change"
        indexes = [models.Index(fields=["account", "-at"], name="security_change_of_account")]
