"""About a host: who runs it, where, by which rules, and what they promise; for people and programs.

People choose a host as they choose one for a website. What the tenant has not said is left out.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from hosting.models import Host
from hosting.tenancy.routing import host_of


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """`/about`, in the tenant's branding."""
    host = host_of(request)
    shown = {"host": host, "tenant": host.tenant, "admission": host.get_admission_display()}
    return render(request, "provider/about.html", shown)


@require_safe
@cache_control(public=True, max_age=300)
def document(request: HttpRequest) -> HttpResponse:
    """`/about.json`, for directories of hosts."""
    return JsonResponse(facts(host_of(request)))


def facts(host: Host) -> dict[str, Any]:
    """What is said of a host; what nobody said is left out."""
    tenant = host.tenant
    said = {
        "hostname": host.hostname,
        "did": host.service_did,
        "name": tenant.name,
        "operator": tenant.operator,
        "country": tenant.country,
        "contact": tenant.support_email,
        "moderationContact": tenant.moderation_email,
        "admission": host.admission,
        "handleDomains": [domain.name for domain in host.handle_domains.all()],
        "privacyPolicy": tenant.privacy_policy_url,
        "termsOfService": tenant.terms_of_service_url,
        "backups": tenant.backups,
        "exitPromise": tenant.exit_promise,
        "software": "Grove",
    }
    return {name: value for name, value in said.items() if value}
