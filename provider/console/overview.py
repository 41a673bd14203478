"""An owner's overview: what needs attention, sign-ups, mail, and how the host stands with relays.

It shows figures of the tenant and names nobody. Each is counted up to a bound or before.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from hosting.console.page import render_page
from hosting.console.quota_rows import Used
from hosting.mail.models import OutgoingMail
from hosting.models import Host, Member, Tenant
from hosting.tenancy.routing import host_of
from moderation import permissions
from moderation.console.views import staff_of
from moderation.permissions import Deed
from protocol.errors import XrpcError
from provider.console import health, usage
from provider.console.relays import Standing, standings_of
from provider.relay_standing import announcing
from server.database import connection

_LOOKED_AT: Final = 1_000  # of the newest accounts and e-mails of a host
_SIGN_UPS: Final = """
    SELECT count(*) FILTER (WHERE newest.created_at > now() - interval '7 days'),
        count(*) FILTER (WHERE newest.created_at > now() - interval '30 days')
    FROM host CROSS JOIN LATERAL (
        SELECT created_at FROM account
        WHERE host_id = host.id AND opened_at IS NOT NULL ORDER BY id DESC LIMIT %s
    ) newest WHERE host.id = ANY(%s)
"""
_MAILS: Final = """
    SELECT state, count(*)
    FROM host CROSS JOIN LATERAL (
        SELECT state, created_at FROM outgoing_mail
        WHERE host_id = host.id ORDER BY id DESC LIMIT %s
    ) newest WHERE host.id = ANY(%s) AND newest.created_at > now() - interval '7 days'
    GROUP BY state
"""


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that needs attention, and where to see to it."""

    said: str
    address: str


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """`/console/overview/`."""
    found = Tenant.objects.select_related("plan", "usage")
    tenant = found.get(pk=host_of(request).tenant_id)
    used = usage.of(tenant)
    hosts = list(tenant.hosts.order_by("pk"))
    ids = [host.pk for host in hosts]
    week, month = connection.row(_SIGN_UPS, (_LOOKED_AT, ids)) or (0, 0)
    standings = [each for host in hosts for each in standings_of(host)]
    context: dict[str, Any] = {
        "title": _("Overview"),
        "matters": _matters(tenant, hosts, standings, used),
        "plan": tenant.plan,
        "usage": used,
        "is_counted": usage.is_counted(tenant),
        "days_left": usage.days_left(tenant),
        "week": week,
        "month": month,
        "mails": [
            (OutgoingMail.State(state).label, count)
            for state, count in sorted(connection.rows(_MAILS, (_LOOKED_AT, ids)))
        ],
        "standings": standings,
        "may_change": permissions.may(staff_of(request), Deed.SETTINGS_CHANGE, tenant.pk),
    }
    return render_page(request, "provider/console/overview.html", context)


@require_POST
def ask_relays(request: HttpRequest) -> HttpResponse:
    """Ask the relays to read this host now."""
    try:
        asked = announcing.ask_again(host_of(request))
        faults = [f"{relay}: {fault}" for relay, fault in asked.items() if fault]
        if faults:
            messages.error(request, "; ".join(faults))
        else:
            messages.success(request, _("The relays are asked."))
    except XrpcError as refusal:
        messages.error(request, refusal.for_page())
    return redirect("console:overview")


@require_POST
def announce(request: HttpRequest) -> HttpResponse:
    """Announce every account of this host again, at the pace that relays take."""
    host = Host.objects.select_related("tenant").get(pk=host_of(request).pk)
    try:
        announcing.begin(host, staff_of(request))
        messages.success(request, _("The accounts are being announced."))
    except XrpcError as refusal:
        messages.error(request, refusal.for_page())
    return redirect("console:overview")


def _matters(
    tenant: Tenant, hosts: list[Host], standings: list[Standing], used: list[Used]
) -> list[Matter]:
    """What somebody should see to, the most pressing first."""
    own = reverse("console:overview")
    troubles = health.together(health.of(hosts).values())
    pages = {
        "failed_mails": reverse("console:mail_outgoingmail_changelist"),
        "overdue_cases": f"{reverse('console:desk')}?overdue=1",
        "held_sign_ups": reverse("console:sign_ups"),
    }
    found = [Matter(said, pages[name]) for name, said in troubles.named()]
    found += [
        Matter(f"{each.relay} {word}", f"{own}#relays")
        for each in standings
        for word in each.warnings
    ]
    found += [
        Matter(f"{each.name}: {each.used} / {each.most}", f"{own}#usage")
        for each in used
        if each.is_near
    ]
    owners = Member.objects.filter(tenant=tenant, role=Member.Role.OWNER).count()
    settings = reverse("console:settings")
    missing = (
        (owners < 2, _("Only one person is an owner: invite another."), reverse("console:staff")),
        (not tenant.support_email, _("People have no support address to write to."), settings),
        (not tenant.privacy_policy_url, _("There is no privacy policy."), settings),
    )
    return found + [Matter(said, address) for is_so, said, address in missing if is_so]
