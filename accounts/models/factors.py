"""Second factors, of accounts and of staff who sign in to the console: one holder a row.

What a stranger could use is wrapped (server.encryption.keyring) or kept as a hash. What the rows
mean, and who may change them: accounts.authentication.factors.
"""

from django.db import models
from django.db.models import Q

from accounts.models.accounts import Account
from hosting.models import Host, StaffUser


class FactorOfOne(models.Model):
    """What belongs to an account or to a member of staff, never to both."""

    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="+")
    staff = models.ForeignKey(StaffUser, null=True, on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_has_one_holder",
                condition=Q(account__isnull=True, staff__isnull=False)
                | Q(account__isnull=False, staff__isnull=True),
            )
        ]


class Totp(FactorOfOne):
    """An authenticator app (RFC 6238). `last_step` is the newest time step that was used."""

    secret = models.BinaryField()  # wrapped
    last_step = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(FactorOfOne.Meta):
        db_table = "totp"
        constraints = [
            *FactorOfOne.Meta.constraints,
            models.UniqueConstraint(fields=["account"], name="totp_is_one_an_account"),
            models.UniqueConstraint(fields=["staff"], name="totp_is_one_a_member_of_staff"),
        ]


class RecoveryCode(FactorOfOne):
    """A code on paper that was not used yet."""

    code_sha256 = models.CharField(max_length=64)  # hex, with its holder's name in it
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(FactorOfOne.Meta):
        db_table = "recovery_code"


class Passkey(FactorOfOne):
    """A WebAuthn credential for the name of one host (its RP ID)."""

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)
    credential_id = models.BinaryField()
    credential_sha256 = models.CharField(max_length=64)  # hex, of its ID
    public_key = models.BinaryField()  # COSE
    sign_count = models.BigIntegerField()  # 0: the key does not count
    is_syncable = models.BooleanField()  # copies may exist on other devices: WebAuthn's flag BE
    transports = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    # When its counter went back, as that of a copied key does; it signs nobody in from then on.
    flagged_at = models.DateTimeField(null=True, blank=True)

    class Meta(FactorOfOne.Meta):
        db_table = "passkey"
        constraints = [
            *FactorOfOne.Meta.constraints,
            models.UniqueConstraint(
                fields=["host", "credential_sha256"], name="passkey_is_known_once_a_host"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class FactorAttempts(FactorOfOne):
    """Wrong codes since the last right one, and how often they closed the way."""

    wrong_count = models.PositiveSmallIntegerField(default=0)
    lock_count = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)

    class Meta(FactorOfOne.Meta):
        db_table = "factor_attempts"
        constraints = [
            *FactorOfOne.Meta.constraints,
            models.UniqueConstraint(fields=["account"], name="factor_attempts_are_one_an_account"),
            models.UniqueConstraint(fields=["staff"], name="factor_attempts_are_one_a_staff"),
        ]


class TrustedBrowser(models.Model):
    """A browser in which an account signs in with its password alone for some time."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="trusted_browsers")
    token_sha256 = models.CharField(max_length=64)  # hex
    mark = models.CharField(max_length=64)  # of the password and the mailed factor back then
    user_agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "trusted_browser"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "token_sha256"], name="trusted_browser_is_once_an_account"
            )
        ]
