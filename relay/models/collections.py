"""Collections of outside repos, and how far the relay's events were read for them."""

from django.db import models

from relay.models.accounts import RelayAccount


class RelayCollection(models.Model):
    """An outside account has, or had, records in a collection."""

    account = models.ForeignKey(RelayAccount, on_delete=models.CASCADE)
    collection = models.TextField(db_collation="C")

    class Meta:
        db_table = "relay_collection"
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "account"], name="relay_collection_is_one_an_account"
            )
        ]

    def __str__(self) -> str:
        return f"{self.collection} of {self.account_id}"


class DescribedRepo(models.Model):
    """An outside account that was heard of: its host is asked once for the collections of before;
    those of later come with its events."""

    account = models.OneToOneField(RelayAccount, on_delete=models.CASCADE, primary_key=True)
    ask_at = models.DateTimeField(null=True)  # null: done with
    failures = models.SmallIntegerField(default=0, db_default=0)
    by_car = models.BooleanField(default=False, db_default=False)  # relay.directory.backfill
    read_until = models.DateTimeField(null=True)  # somebody is at it, by_car; null: nobody

    class Meta:
        db_table = "relay_described_repo"
        indexes = [
            models.Index(
                fields=["ask_at"],
                condition=models.Q(ask_at__isnull=False),
                name="relay_repo_to_describe",
            ),
            models.Index(
                fields=["read_until"],
                condition=models.Q(read_until__isnull=False),
                name="relay_repo_that_is_read",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class DirectoryMark(models.Model):
    """Row 1: the relay's events up to `seq` are in the directory."""

    id = models.SmallIntegerField(primary_key=True)
    seq = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "relay_directory_mark"

    def __str__(self) -> str:
        return str(self.seq)
