"""What an account's data come to, for its page: counts, bytes, the quota, what is on its way."""

from dataclasses import dataclass
from typing import Final

from accounts.models import Account
from hosting.plans import quotas
from hosting.plans.limits import Limit
from repos.account_transfer import quota_use
from repos.account_transfer.archives import requests
from repos.blobs.fetching import queue
from repos.blobs.missing import count_missing
from repos.models import AccountArchive, BlobFetch, BlobUsage, ImportJob
from repos.reads import repos
from server.cache.shared import SharedCache

COUNTED_FOR_S: Final = 15.0
_COUNTS: Final = SharedCache("missing-blobs")


@dataclass(frozen=True)
class Overview:
    """`quota_bytes` is None where there is none. `fetch` and `last_import` are None where there was
    nothing to fetch or to import lately."""

    record_count: int
    blob_count: int
    used_bytes: int
    quota_bytes: int | None
    missing_count: int
    archive: AccountArchive | None
    last_import: ImportJob | None
    fetch: BlobFetch | None

    @property
    def is_moving(self) -> bool:
        """Whether something is under way, so that the page is worth looking at again."""
        jobs = (self.archive, self.last_import, self.fetch)
        return any(job is not None and job.is_open for job in jobs)


def of_account(account: Account) -> Overview:
    """All of it. Raises RepoNotFound."""
    repo = repos.find_repo(account.host, account.did)
    usage = BlobUsage.objects.filter(pk=account.pk).first() or BlobUsage()
    return Overview(
        record_count=repo.record_count,
        blob_count=usage.blob_count,
        used_bytes=usage.used_bytes,
        quota_bytes=quota_bytes(account),
        missing_count=missing_count(account),
        archive=requests.find(account),
        last_import=ImportJob.objects.filter(repo_id=account.pk).order_by("-pk").first(),
        fetch=BlobFetch.objects.filter(pk=account.pk).first(),
    )


def missing_count(account: Account) -> int:
    """How many blobs are missing; counted only where some may be, and while they are fetched, when
    pages ask again and again, every COUNTED_FOR_S at the most."""
    if not queue.may_have_missing(account.pk):
        return 0
    if not BlobFetch.objects.open().filter(pk=account.pk).exists():
        return count_missing(account.pk)
    known = _COUNTS.get(str(account.pk))
    if known is not None and known.is_fresh:
        return int(known.value)
    count = count_missing(account.pk)
    _COUNTS.put(str(account.pk), count, fresh_s=COUNTED_FOR_S, keep_s=COUNTED_FOR_S)
    return count


def is_nearly_full(account: Account) -> bool:
    """Whether nine tenths of the quota are used."""
    quota = quota_bytes(account)
    used = BlobUsage.objects.filter(pk=account.pk).values_list("used_bytes", flat=True).first()
    return quota is not None and (used or 0) * 10 >= quota * 9


def quota_bytes(account: Account) -> int | None:
    """What its blobs may come to; None: anything."""
    which, host = Limit.ACCOUNT_BLOB_BYTES, account.host
    own = quota_use.own_limits(account)
    return quotas.limit_of_account(host.tenant, which, host, own).value
