"""The staff of tenants and of the platform: who signs in to the console, and in which role.

What each role may do is one table, moderation/permissions.py.
"""

from typing import Any, ClassVar, Final

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.auth.password_validation import validate_password
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hosting.models.tenants import Tenant

PLATFORM: Final = "platform"  # the role of platform staff at every tenant


class StaffManager(UserManager["StaffUser"]):
    """Makes staff; a password passes AUTH_PASSWORD_VALIDATORS, whoever chooses it."""

    def _create_user_object(
        self, username: str, email: str | None, password: str | None, **fields: Any
    ) -> "StaffUser":
        """What all of Django's ways to make a user come to. Raises ValidationError."""
        if password is not None:
            validate_password(password, self.model(username=username, email=email or ""))
        # Django's own stub leaves its hook out.
        user: StaffUser = super()._create_user_object(username, email, password, **fields)  # type: ignore[misc]
        return user


class StaffUser(AbstractUser):
    """Someone who signs in to the console. People with a repo are `accounts.models.Account`."""

    objects: ClassVar[StaffManager] = StaffManager()

    is_platform_staff = models.BooleanField(
        default=False, help_text=_("Works for the hosting provider.")
    )

    class Meta:
        db_table = "staff_user"

    def roles_at(self, tenant_id: int) -> set[str]:
        """The roles held at a tenant. Platform staff hold theirs, and all others while they have
        access to the tenant (docs/decisions/0053)."""
        roles = set(self.memberships.filter(tenant_id=tenant_id).values_list("role", flat=True))
        if not self.is_platform_staff:
            return roles
        has_all = not settings.BREAK_GLASS or self._has_access(tenant_id)
        return roles | {PLATFORM} | (set(Member.Role.values) if has_all else set())

    def _has_access(self, tenant_id: int) -> bool:
        accesses = self.accesses.filter(tenant_id=tenant_id, ends_at__gt=timezone.now())
        return bool(accesses.exists())


class Member(models.Model):
    """One person's role at one tenant."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        MODERATOR = "moderator", _("Moderator")
        TRIAGE = "triage", _("Triage")
        SUPPORT = "support", _("Support")
        AUDITOR = "auditor", _("Auditor")

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(StaffUser, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)

    class Meta:
        db_table = "member"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user"], name="member_has_one_role_a_tenant")
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"
