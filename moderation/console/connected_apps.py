"""The console's page of the apps that people sign in to: trusted, blocked, in use.

POST, then redirect. The list counts the hosts in view; a rule is for all hosts of the tenant.
"""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Account
from accounts.oauth.clients import in_use
from hosting.console.page import render_page
from hosting.console.site import hosts_in_view
from hosting.models import Host, StaffUser
from hosting.tenancy.routing import host_of
from moderation import permissions
from moderation.console.actions import Given, act_on
from moderation.console.forms import AppForm
from moderation.console.views import staff_of
from moderation.permissions import Deed
from moderation.staff import connected_apps

_SHOWN_MAX = 100
Verb = Callable[[StaffUser, Host, str, str], None]


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """Apps in use, the most used first, and what the tenant thinks of each."""
    host = host_of(request)
    allowed = permissions.deeds_of(staff_of(request), host.tenant_id)
    context: dict[str, Any] = {
        "title": _("Apps"),
        "apps": in_use.at(
            host.tenant, hosts_in_view(request).filter(tenant=host.tenant), _SHOWN_MAX
        ),
        "counted_max": in_use.COUNTED_SESSIONS,
        "form": AppForm(),
        "may_block": Deed.APPS_BLOCK in allowed,
        "may_trust": Deed.APPS_TRUST in allowed,
    }
    return render_page(request, "moderation/apps.html", context)


@require_POST
def trust(request: HttpRequest) -> HttpResponse:
    """Show an app by its own name and logo."""
    return _decide(request, connected_apps.trust, _("%s is trusted."))


@require_POST
def block(request: HttpRequest) -> HttpResponse:
    """Let nobody use an app."""
    return _decide(request, connected_apps.block, _("%s is blocked, and its sessions have ended."))


@require_POST
def reset(request: HttpRequest) -> HttpResponse:
    """Neither trust nor block an app."""
    done = _("%s is treated as any other app.")
    return _decide(request, connected_apps.treat_as_any_other, done)


@require_POST
def revoke(request: HttpRequest, did: str) -> HttpResponse:
    """End an app's access to one account."""
    accounts = Account.objects.at(hosts_in_view(request)).open().select_related("host__tenant")
    account = accounts.filter(did=did).first()
    if account is None:
        raise Http404(_("No account found for this DID."))

    def verb(given: Given) -> str:
        connected_apps.revoke(staff_of(request), account, given["client_id"], given["reason"])
        return _("%s has no access any more.") % given["client_id"]

    act_on(request, AppForm(request.POST), verb)
    return redirect("console:account", did)


def _decide(request: HttpRequest, verb: Verb, done: str) -> HttpResponse:
    def decide(given: Given) -> str:
        verb(staff_of(request), host_of(request), given["client_id"], given["reason"])
        return done % given["client_id"]

    act_on(request, AppForm(request.POST), decide)
    return redirect("console:apps")
