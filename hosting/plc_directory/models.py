"""The directory's one table: every operation ever taken, in the order in which it was taken."""

from django.db import models


class OperationQuerySet(models.QuerySet["Operation"]):
    """Operations, in the words that the verbs use."""

    def about(self, did: str) -> "OperationQuerySet":
        return self.filter(did=did).order_by("id")

    def not_nullified(self) -> "OperationQuerySet":
        """Those that no recovery has put aside."""
        return self.filter(nullified=False)


class Operation(models.Model):
    """One signed operation. `id` is the directory's `seq`; `created_at` has milliseconds."""

    id = models.BigAutoField(primary_key=True)
    did = models.CharField(max_length=32)
    cid = models.CharField(max_length=64)
    operation = models.JSONField()
    nullified = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    objects = OperationQuerySet.as_manager()

    class Meta:
        db_table = "plc_directory_operation"
        constraints = [
            models.UniqueConstraint(fields=["did", "cid"], name="plc_operation_is_taken_once")
        ]
        indexes = [models.Index(fields=["created_at", "id"], name="plc_operation_by_time")]
