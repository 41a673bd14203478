"""Held sign-ups, the velocity limit, and spent challenges.

A held sign-up is no account: no DID was made for it, nothing was announced. What was handed in is
here until staff decide, and no longer.
"""

import hashlib
from datetime import timedelta

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hosting.models import Host, HostQuerySet


class HeldSignUpQuerySet(models.QuerySet["HeldSignUp"]):
    """Held sign-ups, in the words that callers use."""

    def of(self, host: Host) -> "HeldSignUpQuerySet":
        return self.filter(host_id=host.pk)

    def at(self, hosts: HostQuerySet) -> "HeldSignUpQuerySet":
        return self.filter(host__in=hosts)

    def waiting(self) -> "HeldSignUpQuerySet":
        return self.filter(state=HeldSignUp.State.WAITING)


class HeldSignUp(models.Model):
    """Somebody who asked for an account. `did` is set for those who want to move in with theirs;
    they bring everything again when they are approved, so nothing else of them is kept."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")

    class Reason(models.TextChoices):
        POLICY = "policy", _("Every sign-up is looked at")
        VELOCITY_LIMIT = "velocity_limit", _("Too many sign-ups at once")

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="held_sign_ups")
    handle = models.CharField(_("handle"), max_length=253)
    email = models.CharField(_("e-mail address"), max_length=320, blank=True)
    password = models.CharField(max_length=200, blank=True)  # hashed
    recovery_key = models.CharField(max_length=256, blank=True)
    invite_code = models.CharField(max_length=300, blank=True)
    did = models.CharField(_("DID"), max_length=2048, blank=True)
    address = models.CharField(_("IP address"), max_length=64, blank=True)
    language = models.CharField(max_length=10, blank=True)  # in which we write to them
    reason = models.CharField(_("why"), max_length=16, choices=Reason.choices)
    state = models.CharField(
        _("status"), max_length=16, choices=State.choices, default=State.WAITING
    )
    created_at = models.DateTimeField(_("when"), auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = HeldSignUpQuerySet.as_manager()

    class Meta:
        db_table = "held_sign_up"
        verbose_name = _("held sign-up")
        verbose_name_plural = _("held sign-ups")
        constraints = [
            models.UniqueConstraint(
                fields=["handle"],
                name="held_sign_up_handle_is_unique",
                condition=Q(state="waiting"),
            ),
            models.UniqueConstraint(
                fields=["host", "email"],
                name="held_sign_up_email_is_unique_a_host",
                condition=Q(state="waiting", did=""),
            ),
            models.UniqueConstraint(
                fields=["host", "did"],
                name="held_sign_up_did_is_unique_a_host",
                condition=~Q(did=""),
            ),
            models.CheckConstraint(
                name="held_sign_up_is_lower_case",
                condition=Q(handle=Lower("handle"), email=Lower("email")),
            ),
            models.CheckConstraint(
                name="held_sign_up_is_decided_when_not_waiting",
                condition=Q(state="waiting", decided_at__isnull=True)
                | (~Q(state="waiting") & Q(decided_at__isnull=False, password="")),
            ),
        ]
        indexes = [models.Index(fields=["host", "state", "id"], name="held_sign_up_by_host")]

    def __str__(self) -> str:
        return self.handle


class SignUpVelocityLimit(models.Model):
    """How many signed up at a host in this window. Tripped, it stays so until staff reopen."""

    host = models.OneToOneField(
        Host, on_delete=models.CASCADE, primary_key=True, related_name="sign_up_velocity_limit"
    )
    window_started_at = models.DateTimeField()
    counted = models.PositiveIntegerField(default=0)
    tripped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "sign_up_velocity_limit"


class SignUpBlock(models.Model):
    """Addresses from which nobody may sign up at a host (accounts.signup.blocked_networks)."""

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="sign_up_blocks")
    network = models.CharField(max_length=50)  # CIDR, as Python's ipaddress writes it
    reason = models.TextField()
    until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "sign_up_block"
        constraints = [
            models.UniqueConstraint(fields=["host", "network"], name="sign_up_block_once_a_host")
        ]

    def __str__(self) -> str:
        return self.network


class SpentChallengeQuerySet(models.QuerySet["SpentChallenge"]):
    """Spent challenges, in the words that callers use."""

    def claim(self, challenge: bytes, lives: timedelta) -> bool:
        """Use a challenge up: of several who try at once, one may go on."""
        row = SpentChallenge(
            digest=hashlib.sha256(challenge).hexdigest(), expires_at=timezone.now() + lives
        )
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            return False
        return True


class SpentChallenge(models.Model):
    """A challenge, of a captcha or a passkey, that served already; kept until it would have
    expired."""

    digest = models.CharField(max_length=64, primary_key=True)  # SHA-256, hex
    expires_at = models.DateTimeField(db_index=True)

    objects = SpentChallengeQuerySet.as_manager()

    class Meta:
        db_table = "spent_challenge"
