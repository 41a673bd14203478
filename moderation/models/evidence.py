"""Evidence: records as they were when somebody reported them."""

from django.db import models

from hosting.models import Host, HostQuerySet


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    """Evidence, in the words that callers use."""

    def at(self, hosts: HostQuerySet) -> "EvidenceQuerySet":
        return self.filter(host__in=hosts)

    def kept_bytes(self) -> int:
        """What it comes to, the held blobs included."""
        total = self.aggregate(total=models.Sum("size_bytes"))["total"]
        return int(total or 0)


class Evidence(models.Model):
    """A record as it was when somebody reported it, each version once. Its blobs are held by
    repos.blobs.holds. It outlives the record and the account (moderation.desk.reports.evidence)."""

    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="+")  # the author's
    repo_id = models.BigIntegerField()
    did = models.CharField(max_length=2048)
    path = models.CharField(max_length=1024)  # collection/rkey
    cid = models.CharField(max_length=100)
    data = models.BinaryField()  # DAG-CBOR
    size_bytes = models.BigIntegerField()  # with its held blobs
    # Whose share it takes: a DID; empty: all from outside together
    reported_by = models.CharField(max_length=2048)
    created_at = models.DateTimeField(auto_now_add=True)
    kept_until = models.DateTimeField(db_index=True)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        db_table = "evidence"
        constraints = [
            models.UniqueConstraint(
                name="evidence_once_a_version", fields=["host", "did", "path", "cid"]
            )
        ]

    def __str__(self) -> str:
        return f"at://{self.did}/{self.path}"
