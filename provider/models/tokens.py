"""Tokens of the REST API, and what was answered under idempotency keys."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from hosting.models import StaffUser, Tenant


class ApiToken(models.Model):
    """A token of the REST API, of one tenant or (none) of the platform. Its text is shown once."""

    tenant = models.ForeignKey(
        Tenant, null=True, blank=True, on_delete=models.CASCADE, related_name="api_tokens"
    )
    # In whose name it acts on cases, with the role that they have then
    staff = models.ForeignKey(
        StaffUser, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=60)  # stands in the audit log
    digest = models.BinaryField(max_length=32, unique=True)  # SHA-256 of its text
    scopes = ArrayField(models.CharField(max_length=40))  # provider.api.scopes
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "api_token"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                name="api_token_has_a_name_of_its_own",
                nulls_distinct=False,
                condition=Q(revoked_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.name


class IdempotentRequest(models.Model):
    """A request that came with an `Idempotency-Key`; `status` is null while it is being done."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, db_index=False)
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)  # SHA-256 of method, address and body
    created_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)  # wrapped, base64

    class Meta:
        db_table = "api_idempotent_request"
        constraints = [
            models.UniqueConstraint(fields=["token", "key"], name="api_request_is_done_once")
        ]
        indexes = [models.Index(fields=["created_at"], name="api_request_by_age")]
