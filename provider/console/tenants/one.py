"""One tenant's page: hosts, domains, staff, usage, work under way; and what can be done about it.

Platform staff see names of staff and figures here, and nothing of the tenant's people.
"""

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from hosting.console.page import render_page
from hosting.models import HandleDomain, Host, Member, Plan, StaffInvite, Tenant
from moderation.console.actions import Given, act_on
from moderation.console.staff.members import InviteForm
from moderation.console.views import staff_of
from moderation.models import AuditEntry
from moderation.staff import staff_invites
from provider.console import health, usage
from provider.console.relays import standings_of
from provider.jobs import kinds
from provider.models import Job
from provider.tenancy import domain_checks, domains, host_checks, plans, suspensions
from provider.tenancy.domain_checks import Result

_STAFF_SHOWN: Final = 100
_ENTRIES_SHOWN: Final = 20
_JOBS_SHOWN: Final = 10
# Of the log, what is about the tenant as a customer and about nobody's account
_SETTING_ACTIONS: Final = (
    AuditEntry.Action.HOST_CHANGE_SETTINGS,
    AuditEntry.Action.HOST_CHANGE_ADMISSION,
    AuditEntry.Action.HOST_ADD_DOMAIN,
    AuditEntry.Action.HOST_REMOVE_DOMAIN,
    AuditEntry.Action.STAFF_INVITE,
    AuditEntry.Action.STAFF_JOIN,
    AuditEntry.Action.STAFF_CHANGE_ROLE,
    AuditEntry.Action.STAFF_REMOVE,
    AuditEntry.Action.PLATFORM_OPEN_ACCESS,
)


class DomainForm(forms.Form):
    """A handle domain."""

    domain = forms.CharField(max_length=253)


class PlanForm(forms.Form):
    """What the tenant bought: of the plans that are offered, and its own."""

    plan = forms.ModelChoiceField(
        Plan.objects.order_by("name"),
        label=gettext_lazy("Plan"),
        required=False,
        empty_label=gettext_lazy("None: the platform's limits"),
    )

    def __init__(self, tenant: Tenant, data: Any = None) -> None:
        super().__init__(data, initial={"plan": tenant.plan})
        plan = self.fields["plan"]
        if isinstance(plan, forms.ModelChoiceField):
            offered = Q(retired_at=None) | Q(pk=tenant.plan_id)
            plan.queryset = Plan.objects.filter(offered).order_by("name")


class SuspensionForm(forms.Form):
    """Why, in words for the tenant's people."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=suspensions.REASON_MAX_CHARS,
        help_text=gettext_lazy("The tenant's people are shown it."),
    )


@require_safe
def shown(request: HttpRequest, slug: str) -> HttpResponse:
    """`/console/tenant/<slug>/`."""
    return _page(request, _tenant(slug), [])


@require_POST
def check(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a host (`host`) or a handle domain (`domain`) of the tenant's from outside."""
    tenant = _tenant(slug)
    if "domain" in request.POST:
        of_tenant = HandleDomain.objects.filter(host__tenant=tenant).select_related("host")
        domain = get_object_or_404(of_tenant, name=request.POST["domain"][:253])
        return _page(request, tenant, list(domain_checks.check(domain)), f"*{domain.name}")
    host = get_object_or_404(Host, tenant=tenant, hostname=request.POST.get("host", "")[:253])
    return _page(request, tenant, list(host_checks.check(host)), host.hostname)


@require_POST
def add_domain(request: HttpRequest, slug: str, host_id: int) -> HttpResponse:
    """Give a host one more handle domain."""
    host = get_object_or_404(Host, tenant=_tenant(slug), pk=host_id)

    def verb(given: Given) -> str:
        domain = domains.add(host, given["domain"], staff_of(request))
        return _("%s is a handle domain now.") % domain.name

    return _act(request, slug, DomainForm(request.POST), verb)


@require_POST
def remove_domain(request: HttpRequest, slug: str) -> HttpResponse:
    """Take one away; one in use stays, and who uses it is named."""
    tenant = _tenant(slug)

    def verb(given: Given) -> str:
        of_tenant = HandleDomain.objects.filter(host__tenant=tenant)
        domain = get_object_or_404(of_tenant.select_related("host__tenant"), name=given["domain"])
        domains.remove(domain, staff_of(request))
        name: str = domain.name
        return _("%s is removed.") % name

    return _act(request, slug, DomainForm(request.POST), verb)


@require_POST
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Mail somebody a link to the tenant's staff."""
    if (host := Host.objects.first_of(_tenant(slug))) is None:
        raise Http404

    def verb(given: Given) -> str:
        staff_invites.invite(staff_of(request), host, given["email"], given["role"])
        return _("%s is invited.") % str(given["email"])

    return _act(request, slug, InviteForm(request.POST), verb)


@require_POST
def give_plan(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the tenant a plan, or none."""

    tenant = _tenant(slug)

    def verb(given: Given) -> str:
        said = plans.give(tenant, given["plan"], staff_of(request))
        return "; ".join(said) or _("Nothing differs.")

    return _act(request, slug, PlanForm(tenant, request.POST), verb)


@require_POST
def suspend(request: HttpRequest, slug: str) -> HttpResponse:
    """Refuse its people's sign-ins and writes; they are told the reason."""

    def verb(given: Given) -> str:
        suspensions.suspend(_tenant(slug), staff_of(request), reason=given["reason"])
        return _("The tenant is suspended.")

    return _act(request, slug, SuspensionForm(request.POST), verb)


@require_POST
def resume(request: HttpRequest, slug: str) -> HttpResponse:
    """End it: everybody is what they were."""

    def verb(_given: Given) -> str:
        suspensions.resume(_tenant(slug), staff_of(request))
        return _("The suspension is ended.")

    return _act(request, slug, forms.Form(request.POST), verb)


def _act(
    request: HttpRequest, slug: str, form: forms.Form, verb: Callable[[Given], str]
) -> HttpResponse:
    act_on(request, form, verb)
    return redirect("console:tenant", slug)


def _page(
    request: HttpRequest, tenant: Tenant, results: list[Result], checked: str = ""
) -> HttpResponse:
    hosts = list(tenant.hosts.order_by("pk").prefetch_related("handle_domains"))
    for host in hosts:
        host.same_site = host_checks.same_site_said(host)  # type: ignore[attr-defined]
    members = Member.objects.filter(tenant=tenant).select_related("user")
    entries = AuditEntry.objects.filter(host__in=hosts, action__in=_SETTING_ACTIONS)
    jobs = Job.objects.filter(tenant=tenant)
    context: dict[str, Any] = {
        "title": tenant.name,
        "tenant": tenant,
        "hosts": [] if tenant.deleted_at else hosts,
        "results": results,
        "checked": checked,
        "troubles": health.together(health.of(hosts).values()),
        "members": members.order_by("user__username")[:_STAFF_SHOWN],
        "invites": StaffInvite.objects.filter(tenant=tenant).order_by("email")[:_STAFF_SHOWN],
        "invite_form": InviteForm(initial={"role": Member.Role.OWNER}),
        "plan": tenant.plan,
        "usage": usage.of(tenant),
        "is_counted": usage.is_counted(tenant),
        "days_left": usage.days_left(tenant),
        "plan_form": PlanForm(tenant),
        "suspension_form": SuspensionForm(auto_id="suspend-%s"),
        "jobs": [(job, kinds.title(job.kind)) for job in jobs.order_by("-pk")[:_JOBS_SHOWN]],
        "standings": [each for host in hosts for each in standings_of(host)],
        "entries": entries.select_related("staff").order_by("-pk")[:_ENTRIES_SHOWN],
    }
    return render_page(request, "provider/console/tenant.html", context)


def _tenant(slug: str) -> Tenant:
    return get_object_or_404(Tenant.objects.select_related("plan", "usage"), slug=slug)
