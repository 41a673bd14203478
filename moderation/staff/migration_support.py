"""Support of incoming migrations: how far each is, and a way to resume a stalled one.

Source: atproto.com/guides/account-migration. Each step is the owner's to take; what can be repeated
from here is the work of our own workers: a large import, and blobs from the old host.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.lifecycle.account_migration import did_polling
from accounts.lifecycle.account_migration.move_in import MOVE_IN_WITHIN
from accounts.models import Account, AccountMigration
from hosting.models import HostQuerySet, StaffUser
from moderation import audit, permissions
from moderation.models import AuditEntry
from moderation.permissions import Deed
from repos.blobs.fetching import queue, worker
from repos.imports import jobs
from repos.models import BlobFetch, ImportJob, Repo
from repos.reads.counts import BlobCounts, count_blobs


@dataclass(frozen=True)
class Move:
    """One account that moves in: the steps it has taken, and what our workers are at."""

    migration: AccountMigration
    record_count: int
    blobs: BlobCounts
    import_job: ImportJob | None  # the newest large import
    fetch: BlobFetch | None

    @property
    def account(self) -> Account:
        return self.migration.account

    @property
    def is_over(self) -> bool:
        """Activated, and nothing is missing."""
        return self.migration.activated_at is not None and not self.blobs.missing_count

    @property
    def trouble(self) -> str:
        """What last went wrong on our side; empty when nothing did."""
        if self.import_job is not None and self.import_job.last_error:
            return self.import_job.last_error
        if self.fetch is not None and self.blobs.missing_count:
            return self.fetch.last_error
        return ""


def with_progress(migrations: Sequence[AccountMigration]) -> list[Move]:
    """The migrations of one page, with how far each is: four queries, however many they are."""
    ids = [migration.pk for migration in migrations]
    records = dict(Repo.objects.filter(pk__in=ids).values_list("pk", "record_count"))
    fetches = BlobFetch.objects.in_bulk(ids)
    newest_last = ImportJob.objects.filter(repo_id__in=ids).order_by("id")
    imports = {job.repo_id: job for job in newest_last}
    blobs = count_blobs(ids)
    return [
        Move(
            migration,
            records.get(migration.pk, 0),
            blobs.get(migration.pk, BlobCounts(0, 0)),
            imports.get(migration.pk),
            fetches.get(migration.pk),
        )
        for migration in migrations
    ]


def find(hosts: HostQuerySet, account_id: int) -> AccountMigration | None:
    """A migration at one of these hosts; another tenant's is as unknown as one that never was."""
    migrations = AccountMigration.objects.at(hosts).select_related("account__host__tenant")
    return migrations.filter(pk=account_id).first()


def resume(staff: StaffUser, migration: AccountMigration, reason: str) -> None:
    """Give the move three days more, take up its import, ask its old host for blobs again, and look
    where the DID lives. Call outside of any transaction; may be repeated.

    Raises NotAllowed, ReasonNeeded.
    """
    account = migration.account
    reason = permissions.checked(staff, Deed.MOVES_RESUME, account.host.tenant_id, reason)
    action = AuditEntry.Action.ACCOUNT_RESUME_MOVE
    with audit.outside_of_a_transaction(staff, account, action, reason):
        _resume(migration)


def _resume(migration: AccountMigration) -> None:
    account = migration.account
    with transaction.atomic():
        still_moving = Account.objects.filter(pk=account.pk, delete_after__isnull=False)
        still_moving.filter(migration__activated_at__isnull=True).update(
            delete_after=timezone.now() + MOVE_IN_WITHIN
        )
        has_blobs_to_fetch = queue.resume(account.pk)
    jobs.take_up(account.pk)
    if has_blobs_to_fetch:
        worker.turns.wake(account.pk)
    did_polling.check(migration)
