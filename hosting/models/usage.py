"""What was used, day by day and month by month: what invoices are made from.

Rows name accounts and tenants by number and by name, without foreign keys: they outlive them.
Nothing of a closed month changes any more; triggers hold that (hosting/sql/usage_is_frozen.sql).
"""

from django.db import models


class AccountDay(models.Model):
    """A day on which an account wrote or uploaded. `records`, `repo_bytes` and `blob_bytes` are
    what it had at the day's end."""

    pk = models.CompositePrimaryKey("account_id", "day")
    account_id = models.BigIntegerField()
    day = models.DateField()  # UTC
    tenant_id = models.BigIntegerField()
    did = models.TextField()
    writes = models.BigIntegerField(default=0)
    uploads = models.BigIntegerField(default=0)
    records = models.BigIntegerField(default=0)
    repo_bytes = models.BigIntegerField(default=0)
    blob_bytes = models.BigIntegerField(default=0)

    class Meta:
        db_table = "account_day"
        indexes = [models.Index(fields=["tenant_id", "day"], name="account_day_by_tenant")]


class MailDay(models.Model):
    """E-mails of a tenant on a day: the sum of its rows. A connection adds to one of them."""

    pk = models.CompositePrimaryKey("tenant_id", "day", "shard")
    tenant_id = models.BigIntegerField()
    day = models.DateField()  # UTC
    shard = models.SmallIntegerField()
    mails = models.BigIntegerField(default=0)

    class Meta:
        db_table = "mail_day"


class Figures(models.Model):
    """The figures of a tenant over a time."""

    tenant_id = models.BigIntegerField()
    tenant_slug = models.TextField()
    accounts = models.BigIntegerField()  # at its end
    active_accounts = models.BigIntegerField()  # that wrote or uploaded
    records = models.BigIntegerField()  # at its end, as are the bytes
    repo_bytes = models.BigIntegerField()
    blob_bytes = models.BigIntegerField()
    writes = models.BigIntegerField()
    uploads = models.BigIntegerField()
    mails = models.BigIntegerField()

    class Meta:
        abstract = True


class TenantDay(Figures):
    """A tenant's day, counted when it was over."""

    day = models.DateField()  # UTC
    counted_at = models.DateTimeField()

    class Meta:
        db_table = "tenant_day"
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "day"], name="tenant_day_is_one_row")
        ]


class TenantMonth(Figures):
    """A tenant's closed month. `blob_byte_days`: blob bytes of its days added up; divided by the
    number of days, what was stored on average."""

    month = models.DateField()  # its first day
    blob_byte_days = models.DecimalField(max_digits=30, decimal_places=0)
    closed_at = models.DateTimeField()

    class Meta:
        db_table = "tenant_month"
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "month"], name="tenant_month_is_one_row")
        ]
