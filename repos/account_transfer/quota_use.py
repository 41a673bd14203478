"""What an account may use, who says so, and what it uses: figures of its repo and its blobs."""

from accounts.models import Account, AccountLimits
from hosting.plans import quotas
from hosting.plans.limits import OF_ACCOUNT, Limit, Limits
from hosting.plans.quotas import Quota
from repos.models import BlobUsage, Repo


def of_account(account: Account) -> tuple[Quota, ...]:
    """Every limit of an account, with what it uses now: at most three statements, and the tenant's
    plan where it did not come with it."""
    used, own, host = figures(account), own_limits(account), account.host
    found = (quotas.limit_of_account(host.tenant, which, host, own) for which in OF_ACCOUNT)
    return tuple(Quota(each.limit, each.value, each.source, used[each.limit]) for each in found)


def figures(account: Account) -> dict[Limit, int]:
    """What it uses now of all that may be limited. Nothing where it has no repo yet."""
    repo = Repo.objects.filter(pk=account.pk).first() or Repo()
    files = BlobUsage.objects.filter(pk=account.pk).values_list("used_bytes", flat=True).first()
    is_today = repo.counted_on == quotas.today()
    return {
        Limit.ACCOUNT_BLOB_BYTES: files or 0,
        Limit.ACCOUNT_REPO_BYTES: repo.record_bytes,
        Limit.ACCOUNT_RECORDS: repo.record_count,
        Limit.ACCOUNT_WRITES_A_DAY: repo.writes_today if is_today else 0,
        Limit.ACCOUNT_UPLOADS_A_DAY: repo.uploads_today if is_today else 0,
    }


def own_limits(account: Account) -> Limits:
    """Limits that are the account's own."""
    found = AccountLimits.objects.filter(pk=account.pk).values_list("limits", flat=True).first()
    return found or {}
