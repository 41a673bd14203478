"""OpenID Connect: a tenant's providers, and who its people and staff are there."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.accounts import Account
from hosting.models import Host, StaffUser, Tenant


class OpenIdProvider(models.Model):
    """An OpenID provider of one tenant, and what its word is good for at the tenant's hosts."""

    class ClientAuth(models.TextChoices):
        """How we prove ourselves at its token endpoint."""

        BASIC = "client_secret_basic", _("In the header (client_secret_basic)")
        POST = "client_secret_post", _("In the form (client_secret_post)")
        NONE = "none", _("Not at all (public client)")

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="openid_providers")
    name = models.CharField(max_length=60)  # on buttons
    issuer = models.CharField(max_length=500)
    client_id = models.CharField(max_length=300)
    client_secret = models.BinaryField(default=b"", blank=True)  # wrapped
    client_auth = models.CharField(
        max_length=30, choices=ClientAuth.choices, default=ClientAuth.BASIC
    )
    scope = models.CharField(max_length=300, default="openid profile email")
    is_enabled = models.BooleanField(default=True)
    is_for_people = models.BooleanField(default=True)
    # Whoever it lets in may have an account, whatever the host's own admission policy says
    is_admitting = models.BooleanField(default=False)
    handle_claim = models.CharField(max_length=100, default="preferred_username")
    # Who is one of the tenant's people: everybody there, or those whose claim has this value
    member_claim = models.CharField(max_length=100, blank=True)
    member_value = models.CharField(max_length=300, blank=True)
    move_out_days = models.PositiveIntegerField(
        default=90, validators=[MinValueValidator(7), MaxValueValidator(3_650)]
    )
    # Frozen whom it has not vouched for during so many days; null: never
    frozen_after_days = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(7), MaxValueValidator(3_650)]
    )
    is_for_staff = models.BooleanField(default=False)
    role_claim = models.CharField(max_length=100, blank=True)
    roles = models.JSONField(default=dict, blank=True)  # value of the claim -> Member.Role
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "openid_provider"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "issuer", "client_id"], name="openid_provider_is_unique_a_tenant"
            )
        ]

    def __str__(self) -> str:
        return self.name


class OpenIdIdentity(models.Model):
    """Somebody's identity at a provider, and the account here that it opens.

    Without an account: the sign-up of `handle` is on its way, or waits for the staff.
    """

    provider = models.ForeignKey(
        OpenIdProvider, on_delete=models.CASCADE, related_name="identities"
    )
    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=255)
    account = models.OneToOneField(
        Account, on_delete=models.CASCADE, related_name="openid_identity", null=True
    )
    handle = models.CharField(max_length=253, blank=True)
    linked_at = models.DateTimeField()
    seen_at = models.DateTimeField()  # the provider's last good word
    left_at = models.DateTimeField(null=True)  # frozen since then
    left_why = models.CharField(max_length=40, blank=True)
    was_active = models.BooleanField(default=False)  # when it was frozen

    class Meta:
        db_table = "openid_identity"
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "host", "subject"], name="openid_identity_is_unique_a_host"
            )
        ]
        indexes = [
            models.Index(
                fields=["provider", "seen_at"],
                name="openid_identity_seen",
                condition=models.Q(left_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} of {self.provider}"


class StaffOpenIdIdentity(models.Model):
    """A member of staff's identity at a provider."""

    provider = models.ForeignKey(
        OpenIdProvider, on_delete=models.CASCADE, related_name="staff_identities"
    )
    subject = models.CharField(max_length=255)
    user = models.OneToOneField(StaffUser, on_delete=models.CASCADE, related_name="openid_identity")
    linked_at = models.DateTimeField()

    class Meta:
        db_table = "staff_openid_identity"
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "subject"], name="staff_openid_identity_is_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}"
