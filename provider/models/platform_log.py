"""What was changed of the platform itself, which has no host whose audit log it could be in."""

from django.db import models


class PlatformEntry(models.Model):
    """One change: of a plan, of the platform's webhooks, of a tenant that has no host."""

    about = models.CharField(max_length=120)  # `plan club`
    who = models.CharField(max_length=200)
    what = models.CharField(max_length=2000)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "platform_entry"
        indexes = [models.Index(fields=["about", "-id"], name="platform_entry_by_about")]

    def __str__(self) -> str:
        return f"{self.about}: {self.what}"
