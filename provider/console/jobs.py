"""Long work on the console: all of it for platform staff, a tenant's for its owner; one with how
far it is, how it ended, and whom it left."""

from typing import Any, Final

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from hosting.console.page import render_page
from hosting.models import Tenant
from hosting.tenancy.routing import host_of
from moderation.console.lists.bounded import BoundedPaginator
from moderation.permissions import NotAllowed
from provider.jobs import kinds, running
from provider.models import Job
from provider.tenant_archive import jobs

_ON_A_PAGE: Final = 50
_REMAINDERS_SHOWN: Final = 500


@require_safe
def listed(request: HttpRequest, *, is_platforms: bool) -> HttpResponse:
    """The newest first; `?state=` narrows them."""
    state = request.GET.get("state", "")
    found = _jobs(request, is_platforms=is_platforms).order_by("-pk")
    if state in Job.State.values:
        found = found.filter(state=state)
    page = BoundedPaginator(found, _ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": _("Long work"),
        "page": page,
        "rows": [(job, kinds.title(job.kind)) for job in page],
        "state": state,
        "states": Job.State.choices,
        "one": _one(is_platforms=is_platforms),
    }
    return render_page(request, "provider/console/jobs.html", context)


@require_safe
def shown(request: HttpRequest, job_id: int, *, is_platforms: bool) -> HttpResponse:
    """One."""
    job = get_object_or_404(_jobs(request, is_platforms=is_platforms), pk=job_id)
    context: dict[str, Any] = {
        "title": kinds.title(job.kind),
        "job": job,
        "facts": _facts(job.result),
        "made": _made(job) if is_platforms else None,
        "remainders": job.remainders.order_by("pk")[:_REMAINDERS_SHOWN],
        "remainders_count": job.remainders.count(),
        "may_stop": job.is_open and (is_platforms or running.is_tenants(job)),
        "one": _one(is_platforms=is_platforms),
    }
    return render_page(request, "provider/console/job.html", context)


@require_POST
def stop(request: HttpRequest, job_id: int, *, is_platforms: bool) -> HttpResponse:
    """Leave the rest undone."""
    job = get_object_or_404(_jobs(request, is_platforms=is_platforms), pk=job_id)
    if not is_platforms and not running.is_tenants(job):
        messages.error(request, NotAllowed.page_text)
    else:
        running.stop(job)
    return redirect(_one(is_platforms=is_platforms), job_id)


def _jobs(request: HttpRequest, *, is_platforms: bool) -> QuerySet[Job]:
    found: QuerySet[Job] = Job.objects.select_related("tenant", "staff")
    return found if is_platforms else found.filter(tenant=host_of(request).tenant_id)


def _one(*, is_platforms: bool) -> str:
    return "console:platform_job" if is_platforms else "console:job"


def _made(job: Job) -> Tenant | None:
    """The tenant of an import that is done."""
    slug = (job.result or {}).get("tenant") if job.kind == jobs.IMPORT else None
    return Tenant.objects.filter(slug=slug, deleted_at=None).first() if slug else None


def _facts(result: Any) -> list[tuple[str, str]]:
    """What came of it, flat."""
    if not isinstance(result, dict):
        return []
    return [(name, _said(value)[:300]) for name, value in result.items()]


def _said(value: Any) -> str:
    """Lists and what is inside in words."""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {count}" for name, count in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
