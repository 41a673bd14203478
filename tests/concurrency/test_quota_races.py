"""Quotas under many uploads, posts and sign-ups at once: never passed, by nobody."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connections, transaction

from accounts.models import Account
from accounts.signup.account_quota import check_room
from hosting.models import Host, Tenant, TenantStorage
from hosting.plans import quotas
from hosting.plans.quotas import QuotaExceeded
from repos.commits import group_commit, writes
from repos.models import Blob, BlobUsage, FileDeletion, Record, Repo
from repos.reads.repos import find_repo
from tests.factories import account_row, open_account
from tests.unit.repos.blobs.uploads import upload

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]
THREADS, AT_ONCE, SIZE = 10, 50, 10
NOTE = "com.example.note"


def limited(host: Host, **given: int) -> None:
    limits = {name.replace("_", "-"): value for name, value in given.items()}
    Tenant.objects.filter(pk=host.tenant_id).update(limits=limits)
    quotas.forget()


def refused(verbs) -> int:
    """Run them all in some threads; how many were refused."""

    def run(verb) -> bool:
        try:
            verb()
        except QuotaExceeded:
            return True
        finally:
            connections.close_all()
        return False

    with ThreadPoolExecutor(THREADS) as threads:
        return sum(threads.map(run, verbs))


@pytest.mark.parametrize(
    ("limit", "allowed"),
    [("blob_bytes", 7), ("account_blob_bytes", 7), ("account_uploads_a_day", 7)],
)
def test_of_fifty_uploads_at_once_as_many_are_kept_as_the_plan_allows(ash, folder, limit, allowed):
    alone = limit.startswith("account")
    repos = [find_repo(ash, open_account(ash).did) for _ in range(1 if alone else 5)]
    limited(ash, **{limit: allowed if "uploads" in limit else allowed * SIZE + 9})
    uploads = [partial(upload, repos[n % len(repos)], f"{n:010}".encode()) for n in range(AT_ONCE)]
    assert refused(uploads) == AT_ONCE - allowed
    assert Blob.objects.count() == allowed
    assert sum(TenantStorage.objects.values_list("blob_bytes", flat=True)) == allowed * SIZE
    assert sum(BlobUsage.objects.values_list("used_bytes", flat=True)) == allowed * SIZE
    assert sum(Repo.objects.values_list("uploads_today", flat=True)) == allowed
    assert not FileDeletion.objects.exists()


def test_of_fifty_posts_at_once_as_many_are_kept_as_the_plan_allows(ash):
    repo = find_repo(ash, open_account(ash).did)
    limited(ash, account_records=7)
    note = {"$type": NOTE, "text": "hello"}
    posts = [
        partial(group_commit.apply_writes, repo, [writes.create(NOTE, f"n{number}", note)])
        for number in range(AT_ONCE)
    ]
    assert refused(posts) == AT_ONCE - 7
    assert Repo.objects.get(pk=repo.id).record_count == 7
    assert Record.objects.filter(repo_id=repo.id).count() == 7


def test_of_twenty_sign_ups_at_once_as_many_are_made_as_the_plan_allows(ash):
    limited(ash, accounts=6)

    def sign_up(number: int) -> None:
        host = Host.objects.select_related("tenant__plan").get(pk=ash.pk)
        with transaction.atomic():
            check_room(host)
            account_row(host, f"p{number}", password="!")

    assert refused([partial(sign_up, number) for number in range(20)]) == 14
    assert Account.objects.count() == 6
