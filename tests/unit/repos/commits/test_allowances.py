"""Allowances: commits within the quotas of an account and its tenant, to the record."""

import pytest
from django.utils import timezone

from accounts.models import AccountLimits
from hosting.models import Tenant, TenantUsage
from hosting.plans import quotas
from hosting.plans.quotas import QuotaExceeded
from repos.commits import group_commit, writes
from repos.models import Repo
from repos.reads import repos

pytestmark = pytest.mark.django_db
POST = "app.bsky.feed.post"


@pytest.fixture
def repo(ash, new_account):
    return repos.find_repo(ash, new_account().did)


def key(label: str) -> str:
    return f"3k2akz5c2s22{label}"


def post(repo, label: str, text: str = "hello"):
    record = {"$type": POST, "text": text, "createdAt": "2026-01-01T00:00:00Z"}
    return group_commit.apply_writes(repo, [writes.create(POST, key(label), record)])


def limit(**given: int) -> None:
    limits = {name.replace("_", "-"): value for name, value in given.items()}
    Tenant.objects.update(limits=limits)
    quotas.forget()


def test_a_commit_counts_records_bytes_and_writes(repo):
    post(repo, "a", "hello")
    post(repo, "b", "hello hello")
    one = Repo.objects.get()
    assert (one.record_count, one.writes_today) == (2, 2)
    group_commit.apply_writes(repo, [writes.delete(POST, key("b"))])
    two = Repo.objects.get()
    assert (two.record_count, two.writes_today, two.counted_on) == (1, 3, quotas.today())
    assert two.record_bytes < one.record_bytes / 2


@pytest.mark.parametrize(
    ("which", "value", "said"),
    [
        ("account_records", 2, "The account's limit is 2 records; it uses 2"),
        ("account_writes_a_day", 2, "limit is 2 writes-a-day; it uses 2"),
        ("account_repo_bytes", 150, "limit is 150 repo-bytes; it uses 136"),
    ],
)
def test_what_is_beyond_a_limit_is_refused_and_deletes_go_on(repo, which, value, said):
    limit(**{which: value})
    for rkey in ("a", "b"):
        post(repo, rkey)
    with pytest.raises(QuotaExceeded, match=said):
        post(repo, "c")
    group_commit.apply_writes(repo, [writes.delete(POST, key("a"))])


def test_an_accounts_own_limit_goes_before_its_plans(repo):
    limit(account_records=0)
    AccountLimits.objects.create(account_id=repo.id, limits={"account-records": 1})
    post(repo, "a")
    with pytest.raises(QuotaExceeded):
        post(repo, "b")


def test_a_full_tenant_writes_no_more(ash, repo):
    used = {"records": 10, "writes-a-day": 0}
    TenantUsage.objects.create(
        tenant=ash.tenant, used=used, day=quotas.today(), counted_at=timezone.now()
    )
    limit(records=10)
    with pytest.raises(QuotaExceeded, match="The tenant's limit is 10 records"):
        post(repo, "a")
