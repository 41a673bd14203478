"""Plans, as tenants buy them, and what each tenant has used of its own.

Which limits there are, and what each counts: hosting.plans.limits.
"""

from django.core.validators import MaxValueValidator
from django.db import models

GRACE_MAX_DAYS = 366


class Plan(models.Model):
    """What a tenant may use: a number for each limit, null for no limit at all; what is not named
    is as the platform has it."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    limits = models.JSONField(default=dict, blank=True)
    # For so many days a limit that gets smaller stays what it was
    grace_days = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(GRACE_MAX_DAYS)]
    )
    retired_at = models.DateTimeField(null=True, blank=True)  # given to nobody any more
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "plan"

    def __str__(self) -> str:
        return self.name


class TenantUsage(models.Model):
    """What a tenant uses, as counted some minutes ago; and what it
    was warned of."""

    tenant = models.OneToOneField(
        "hosting.Tenant", primary_key=True, on_delete=models.CASCADE, related_name="usage"
    )
    used = models.JSONField(default=dict)  # a number for each limit of a tenant
    warned = models.JSONField(default=dict)  # per cent that its owners were written to about
    day = models.DateField(null=True)  # of the counts that begin anew every day, UTC
    counted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "tenant_usage"


class TenantStorage(models.Model):
    """Bytes of a tenant's blobs: the sum of its rows. A connection adds to one of them, so that
    uploads of a tenant do not wait for each other. Triggers on `blob` keep it."""

    pk = models.CompositePrimaryKey("tenant_id", "shard")
    tenant_id = models.BigIntegerField()
    shard = models.SmallIntegerField()
    blob_bytes = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "tenant_storage"
