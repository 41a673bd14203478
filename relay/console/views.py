"""The relay's hosts: a list with what needs attention first, and one host with what can be done.

Platform staff alone come here. The relay need not run: what it left is shown.
"""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from hosting.console.page import render_page
from hosting.tenancy.routing import host_of
from moderation.console.actions import act_on
from moderation.console.forms import ReasonForm
from moderation.console.lists.bounded import BoundedPaginator
from moderation.console.views import staff_of
from moderation.models import AuditEntry
from relay.console import deeds, figures
from relay.console.forms import DomainForm, LimitForm
from relay.hosts import alerts, allowances, listing
from relay.models import DomainBan, RelayHost

_ON_A_PAGE: Final = 50
_ALERTS_SHOWN: Final = 20
_BANS_SHOWN: Final = 200
_COUNTED_MAX: Final = 10_000
_ENTRIES_SHOWN: Final = 20
_SEARCH_MAX_CHARS: Final = 253
_ACTIONS: Final = (
    AuditEntry.Action.RELAY_CHANGE_LIMIT,
    AuditEntry.Action.RELAY_BAN,
    AuditEntry.Action.RELAY_LIFT_BAN,
    AuditEntry.Action.RELAY_CRAWL,
)


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """`/console/relay/?q=`."""
    term = request.GET.get("q", "").replace("\0", "").strip()[:_SEARCH_MAX_CHARS].lower()
    found = RelayHost.objects.order_by("-pk")
    if term:
        found = found.filter(hostname__contains=term)
    page = BoundedPaginator(found, _ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": _("Relay"),
        "q": term,
        "page": page,
        "rows": _rows(list(page)),
        "alerts": alerts.now_open(_ALERTS_SHOWN),
        "bans": DomainBan.objects.order_by("domain")[:_BANS_SHOWN],
        "ban_form": DomainForm(auto_id="ban-%s"),
        "entries": _entries(),
    }
    return render_page(request, "relay/console/hosts.html", context)


@require_safe
def one(request: HttpRequest, host_id: int) -> HttpResponse:
    """`/console/relay/hosts/<id>/`."""
    host = get_object_or_404(RelayHost, pk=host_id)
    context = {
        "title": host.hostname,
        "row": _rows([host])[0],
        "rates": allowances.rates(host.account_limit, is_trusted=host.is_trusted),
        "throttled": host.accounts.filter(is_throttled=True)[:_COUNTED_MAX].count(),
        "rejections": listing.rejections(host.pk),
        "alerts": host.alerts.filter(ended_at__isnull=True).order_by("kind"),
        "limit_form": LimitForm(initial={"limit": host.account_limit}, auto_id="limit-%s"),
        "crawl_form": ReasonForm(auto_id="crawl-%s"),
        "ban_form": DomainForm(
            initial={"domain": host.hostname.partition(":")[0]}, auto_id="ban-%s"
        ),
        "entries": _entries(),
    }
    return render_page(request, "relay/console/host.html", context)


@require_POST
def change_limit(request: HttpRequest, host_id: int) -> HttpResponse:
    """Allow an outside host more accounts, or fewer."""
    host, staff, at = _outside(host_id), staff_of(request), host_of(request)

    def verb(given: dict[str, Any]) -> str:
        woken = deeds.change_limit(staff, at, host, given["limit"], given["reason"])
        return _("The limit is changed. Accounts that are not throttled any more: %s") % woken

    act_on(request, LimitForm(request.POST), verb)
    return redirect("console:relay_host", host.pk)


@require_POST
def crawl(request: HttpRequest, host_id: int) -> HttpResponse:
    """Try to read an outside host again at once."""
    host, staff, at = _outside(host_id), staff_of(request), host_of(request)

    def verb(given: dict[str, Any]) -> str:
        deeds.crawl(staff, at, host, given["reason"])
        return _("The relay tries it at once.")

    act_on(request, ReasonForm(request.POST), verb)
    return redirect("console:relay_host", host.pk)


@require_POST
def ban(request: HttpRequest) -> HttpResponse:
    """Read a domain's hosts no more."""
    staff, at = staff_of(request), host_of(request)

    def verb(given: dict[str, Any]) -> str:
        deeds.ban(staff, at, given["domain"], given["reason"])
        return str(_("%s is banned.") % given["domain"])

    act_on(request, DomainForm(request.POST), verb)
    return redirect("console:relay")


@require_POST
def lift(request: HttpRequest) -> HttpResponse:
    """Allow a domain again."""
    staff, at = staff_of(request), host_of(request)

    def verb(given: dict[str, Any]) -> str:
        deeds.lift(staff, at, given["domain"], given["reason"])
        return str(_("%s is read again.") % given["domain"])

    act_on(request, DomainForm(request.POST), verb)
    return redirect("console:relay")


def _rows(hosts: list[RelayHost]) -> list[dict[str, Any]]:
    rates = figures.events_a_minute()
    return [
        {
            "host": host,
            "a_minute": rates.get(host.pk, 0),
            "domain": host.hostname.partition(":")[0],
            "is_near": alerts.is_near_limit(host),
        }
        for host in hosts
    ]


def _entries() -> list[AuditEntry]:
    """What was done to the relay lately, at whichever console."""
    found = AuditEntry.objects.filter(action__in=_ACTIONS).select_related("staff")
    return list(found.order_by("-pk")[:_ENTRIES_SHOWN])


def _outside(host_id: int) -> RelayHost:
    return get_object_or_404(RelayHost, pk=host_id, inside_id__isnull=True)
