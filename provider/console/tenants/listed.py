"""The list of tenants: searched, a page at a time, with what was counted of each beforehand."""

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from hosting.console.page import render_page
from hosting.models import HandleDomain, Host, Tenant
from moderation.console.lists.bounded import MATCHES_MAX, BoundedPaginator
from provider.console import health, usage
from provider.models import TenantDraft
from provider.tenancy import drafts

_ON_A_PAGE: Final = 50
_SEARCH_MAX_CHARS: Final = 253
_DRAFTS_SHOWN: Final = drafts.OPEN_MAX


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """`/console/tenants/?q=`."""
    term = request.GET.get("q", "").replace("\0", "").strip()[:_SEARCH_MAX_CHARS]
    found = Tenant.objects.filter(deleted_at=None).select_related("plan", "usage").order_by("-pk")
    if term:
        found = found.filter(_matches(term))
    page = BoundedPaginator(found, _ON_A_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "title": _("Tenants"),
        "q": term,
        "page": page,
        "rows": rows(list(page)),
        "drafts": TenantDraft.objects.select_related("staff").order_by("-pk")[:_DRAFTS_SHOWN],
    }
    return render_page(request, "provider/console/tenants.html", context)


def rows(tenants: Sequence[Tenant]) -> list[dict[str, Any]]:
    """What is shown of each, in a statement a kind and not one a tenant."""
    hosts: dict[int, list[Host]] = {tenant.pk: [] for tenant in tenants}
    for host in Host.objects.filter(tenant__in=list(hosts)).order_by("pk"):
        hosts[host.tenant_id].append(host)
    troubles = health.of([host for each in hosts.values() for host in each])
    return [
        {
            "tenant": tenant,
            "hosts": hosts[tenant.pk],
            **usage.figures(tenant),
            "troubles": health.together(troubles[host.pk] for host in hosts[tenant.pk]),
        }
        for tenant in tenants
    ]


def _matches(term: str) -> Q:
    """Tenants whose short name, name or host has the term, or a handle domain that begins so: of
    domains there may be many for each tenant."""
    hosts: QuerySet[Any] = Host.objects.filter(hostname__icontains=term)
    domains = HandleDomain.objects.filter(name__startswith=f".{term.lower().lstrip('.')}")
    owners = [
        *hosts.values_list("tenant_id", flat=True)[:MATCHES_MAX],
        *domains.values_list("host__tenant_id", flat=True)[:MATCHES_MAX],
    ]
    return Q(slug__icontains=term) | Q(name__icontains=term) | Q(pk__in=owners)
