"""Second factors on the console: those of an account, reset by support."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import Account
from hosting.console.site import hosts_in_view
from moderation.console.actions import Given, act_on
from moderation.console.forms import ReasonForm
from moderation.console.views import staff_of
from moderation.staff import factor_resets


@require_POST
def reset(request: HttpRequest, did: str) -> HttpResponse:
    """Remove every second factor of one account."""
    accounts = Account.objects.at(hosts_in_view(request)).open().select_related("host__tenant")
    account = accounts.filter(did=did).first()
    if account is None:
        raise Http404(_("No account found for this DID."))

    def verb(given: Given) -> str:
        factor_resets.reset(staff_of(request), account, given["reason"])
        return _("The second factors are reset. The password stays.")

    act_on(request, ReasonForm(request.POST), verb)
    return redirect("console:account", did)
