"""Whether workers are filling accounts right now: moves in, imports and blobs on their way.

None of them begins while the tenant is suspended (hosting.tenancy.suspension).
"""

from django.db.models import Subquery
from django.utils import timezone

from hosting.models import Host, Tenant
from repos.models import BlobFetch, ImportJob, MoveIn, Repo
from server.jobs.life_cycle import RUNNING


def is_any(tenant: Tenant) -> bool:
    """Whether a worker is at one of the tenant's accounts; not one that let its lease run out. At
    most three statements."""
    hosts = Host.objects.filter(tenant=tenant).values("pk")
    repos = Subquery(Repo.objects.filter(host_id__in=hosts).values("pk"))
    running = {"state": RUNNING, "next_attempt_at__gt": timezone.now(), "repo_id__in": repos}
    return any(job.objects.filter(**running).exists() for job in (MoveIn, ImportJob, BlobFetch))
