"""did:web identities of ours, and handles of other domains."""

from django.db import models

from accounts.models.accounts import Account
from hosting.models import Host


class WebIdentity(models.Model):
    """A did:web whose document a host of ours serves: `did:web:{name under a handle domain}`.

    It outlives its account: who moves away keeps the DID, and only this document can say where they
    went. So its name is never given to anybody else. The fields are those of
    `protocol.did.plc_data.PlcData`.
    """

    did = models.CharField(max_length=300, primary_key=True)
    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="web_identities")
    account = models.OneToOneField(
        Account, null=True, on_delete=models.SET_NULL, related_name="web_identity"
    )
    also_known_as = models.JSONField(default=list)
    verification_methods = models.JSONField(default=dict)
    services = models.JSONField(default=dict)  # name -> {type, endpoint}
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "web_identity"

    def __str__(self) -> str:
        return self.did


class CustomHandle(models.Model):
    """A handle of somebody's own domain, to be looked at again. Who has none here is under a
    handle domain of the host, where the database is the proof."""

    account = models.OneToOneField(
        Account, on_delete=models.CASCADE, primary_key=True, related_name="custom_handle"
    )
    next_check_at = models.DateTimeField()
    failing_since = models.DateTimeField(null=True, blank=True)  # the first of the present failures
    failure_count = models.PositiveIntegerField(default=0)
    # Shown as `handle.invalid` from then on, until the proof is back.
    lost_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "custom_handle"
        indexes = [models.Index(fields=["next_check_at"], name="custom_handle_due")]
