"""How staff get in: sessions on the console, invitations to a tenant's staff, and the access that
platform staff take to a tenant for a while (break-glass).
"""

from typing import Final

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hosting.models.staff import PLATFORM, Member, StaffUser
from hosting.models.tenants import Host, Tenant

# An invitation may also be to the provider's own staff.
ROLES: Final = (*Member.Role.choices, (PLATFORM, _("Platform staff")))


class StaffSession(AbstractBaseSession):
    """A browser in which a member of staff signed in; others have none."""

    staff = models.ForeignKey(
        StaffUser, on_delete=models.CASCADE, null=True, related_name="console_sessions"
    )
    host = models.ForeignKey(Host, on_delete=models.CASCADE, null=True, related_name="+")
    place = models.CharField(max_length=100, blank=True)  # the network
    agent = models.CharField(max_length=200, blank=True)  # what the browser says of itself
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "staff_session"


class StaffInvite(models.Model):
    """A way to a role on a tenant's staff, by a link that was mailed. The link is hashed."""

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="+")  # of the link
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="staff_invites")
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=ROLES)
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "staff_invite"
        constraints = [
            models.UniqueConstraint(name="staff_invite_once_an_address", fields=["tenant", "email"])
        ]

    def __str__(self) -> str:
        return f"{self.email} ({self.get_role_display()})"

    @property
    def is_past(self) -> bool:
        """Whether its link does not work any more."""
        return bool(self.expires_at <= timezone.now())


class TenantAccess(models.Model):
    """A member of platform staff works at a tenant, with a reason, until it ends."""

    staff = models.ForeignKey(StaffUser, on_delete=models.CASCADE, related_name="accesses")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    reason = models.TextField()
    opened_at = models.DateTimeField(auto_now_add=True)
    ends_at = models.DateTimeField()

    class Meta:
        db_table = "tenant_access"
        indexes = [models.Index(fields=["staff", "tenant", "ends_at"], name="tenant_access_open")]

    def __str__(self) -> str:
        return f"{self.staff} at {self.tenant}"
