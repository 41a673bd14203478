"""The two addresses that a browser passes on its way to an OpenID provider and back.

To the provider lead links, as a form that ends at another site would need a wider policy of the
page (docs/decisions/0031). A link that somebody else made signs nobody in to what is theirs: the
answer counts in the browser that began it, and for whoever is signed in at the provider.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import OpenIdProvider
from accounts.oauth.openid import flows
from accounts.oauth.openid.refusals import SignInLost
from accounts.pages.answers import own_pages, show_form, status_of
from accounts.pages.entry.sign_in import NAME
from accounts.pages.forms.accounts import SignInForm
from accounts.pages.openid import kept
from hosting.pages import next_page
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError
from server.database import row_numbers

OWN = "own"
STAFF = "staff"  # moderation.console


@never_cache
@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """`/account/sign-in/openid?provider=`: to the provider, and then to the account."""
    to = next_page.with_next(reverse("accounts:openid_enter"), next_page.wanted(request))
    try:
        return kept.go(request, wanted_provider(request), OWN, to)
    except XrpcError as refusal:
        return refused(request, refusal)


@never_cache
@require_safe
def back(request: HttpRequest, provider_id: int) -> HttpResponse:
    """`/account/sign-in/openid/back/<id>`: where a provider sends people back to."""
    try:
        return kept.finish(request, provider_id)
    except XrpcError as refusal:
        if kept.asked_for(request) == STAFF:
            messages.error(request, refusal.for_page())
            return redirect("console:login")
        return refused(request, refusal)


def wanted_provider(request: HttpRequest) -> OpenIdProvider:
    """The provider that the address names, for people. Raises SignInLost."""
    if (number := row_numbers.read(request.GET.get("provider", ""))) is None:
        raise SignInLost
    provider = flows.of_host(host_of(request), number)
    if not provider.is_for_people:
        raise SignInLost
    return provider


def refused(request: HttpRequest, refusal: XrpcError) -> HttpResponse:
    """The sign-in page, which says what went wrong."""
    form = SignInForm(host_of(request))
    form.problem = form.told(refusal)
    return show_form(request, NAME, form, status_of(refusal), own_pages(request))
