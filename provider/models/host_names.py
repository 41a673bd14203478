"""Custom host names: whose they are, and whether they still lead here."""

from django.db import models

from hosting.models import Host


class HostName(models.Model):
    """What is known of a host's own name: a token for its DNS, and how the last look went."""

    host = models.OneToOneField(
        Host, primary_key=True, on_delete=models.CASCADE, related_name="name_check"
    )
    token = models.CharField(max_length=64)
    proved_at = models.DateTimeField(null=True)  # the token was in its DNS
    checked_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    fault = models.CharField(max_length=300, blank=True)  # of the last look
    warned_at = models.DateTimeField(null=True)  # since it fails

    class Meta:
        db_table = "host_name"
        indexes = [models.Index(fields=["checked_at"], name="host_name_by_check")]

    def __str__(self) -> str:
        return f"{self.host}: {self.fault or 'ok'}"
