"""Invite codes, their uses, and who may have any.

Codes outlive the accounts they were made for and used by, so those stand here as text: a DID, or
`admin` for the host itself. Source: com.atproto.server.defs#inviteCode.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.accounts import Account
from hosting.models import Host, HostQuerySet


class InviteCodeQuerySet(models.QuerySet["InviteCode"]):
    """Invite codes, in the words that callers use. Begin every query with `of(host)`."""

    def of(self, host: Host) -> "InviteCodeQuerySet":
        return self.filter(host_id=host.pk)

    def at(self, hosts: HostQuerySet) -> "InviteCodeQuerySet":
        return self.filter(host__in=hosts)

    def usable(self) -> "InviteCodeQuerySet":
        """Neither disabled nor used up."""
        return self.filter(is_disabled=False, used_count__lt=F("available_count"))


class InviteCode(models.Model):
    """One code, good for `available_count` sign-ups. `used_count` counts its rows of InviteUse."""

    ADMIN: ClassVar[str] = "admin"

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="invite_codes")
    code = models.CharField(max_length=300, unique=True)
    for_account = models.CharField(max_length=2048)
    created_by = models.CharField(max_length=2048)  # `admin`: a gift; else earned
    available_count = models.PositiveIntegerField()
    used_count = models.PositiveIntegerField(default=0)
    is_disabled = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    objects = InviteCodeQuerySet.as_manager()

    class Meta:
        db_table = "invite_code"
        verbose_name = _("invite code")
        verbose_name_plural = _("invite codes")
        constraints = [
            models.CheckConstraint(
                name="invite_code_is_not_overused",
                condition=Q(used_count__lte=F("available_count")),
            )
        ]
        indexes = [
            models.Index(fields=["host", "for_account"], name="invite_code_by_owner"),
            models.Index(fields=["host", "-used_count", "-id"], name="invite_code_by_usage"),
            models.Index(fields=["host", "id"], name="invite_code_by_host"),
        ]

    def __str__(self) -> str:
        return self.code


class InviteUse(models.Model):
    """An account that signed up with a code."""

    code = models.ForeignKey(InviteCode, on_delete=models.CASCADE, related_name="uses")
    used_by = models.CharField(max_length=2048)  # a DID
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "invite_use"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["code", "used_by"], name="invite_use_is_counted_once")
        ]
        indexes = [models.Index(fields=["used_by"], name="invite_use_by_account")]


class InvitePermission(models.Model):
    """Whether an account may invite; without a row it may. Staff leave a note with it."""

    account = models.OneToOneField(
        Account, on_delete=models.CASCADE, primary_key=True, related_name="invite_permission"
    )
    is_disabled = models.BooleanField()
    note = models.CharField(max_length=2000, blank=True)

    class Meta:
        db_table = "invite_permission"
