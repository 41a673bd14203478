"""Drafts of tenants: what was entered in the wizard so far, and what was made of it."""

from django.conf import settings
from django.db import models

from hosting.models import Host, Tenant


class TenantDraft(models.Model):
    """A tenant that is being set up. Its host, once made, admits nobody until it is opened."""

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    given = models.JSONField(default=dict)  # by field, as the steps' forms have checked it
    tenant = models.OneToOneField(Tenant, on_delete=models.SET_NULL, null=True, related_name="+")
    host = models.OneToOneField(Host, on_delete=models.SET_NULL, null=True, related_name="+")
    checks = models.JSONField(default=list)  # what was seen from outside: subject, verdict, words
    invite_code = models.CharField(max_length=300, blank=True, default="")
    opened_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "tenant_draft"

    def __str__(self) -> str:
        return str(self.given.get("name") or self.given.get("slug") or self.pk)
