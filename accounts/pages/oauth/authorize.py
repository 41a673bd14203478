"""The authorization endpoint: the page that comes next, or the way back to the app."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.oauth import authorization
from accounts.oauth.authorization import Step
from accounts.oauth.requests import controllers
from accounts.oauth.requests.opened_requests import Opened
from accounts.oauth.requests.redirects import Redirect
from accounts.pages.oauth import browsers, consent, sign_in, sign_up
from accounts.pages.oauth.requests import address, of_request, show


@require_safe
@of_request
def authorize(request: HttpRequest, opened: Opened) -> HttpResponse | Redirect:
    """`/oauth/authorize`: where apps send people, and where every answer leads."""
    step = authorization.next_step(opened)
    match step:
        case Redirect():
            return step
        case Step.SIGN_IN:
            return sign_in.page(request, opened)
        case Step.SIGN_UP:
            return sign_up.page(request, opened)
        case Step.CHOOSE_ACCOUNT:
            here = [each.account for each in authorization.candidates(opened)]
            acting_for = controllers.of_browser(opened)
            return show(request, opened, "choose_account", accounts=here, acting_for=acting_for)
        case Step.CONSENT:
            return consent.page(request, opened)


@require_safe
@of_request
def refuse(request: HttpRequest, opened: Opened) -> HttpResponse | Redirect:
    """`/oauth/authorize/refuse`: back to the app with nothing.

    A link, because a form on a page where passwords are typed may end nowhere else than here. It
    gives nothing away, and no other site may follow it.
    """
    if browsers.is_from_elsewhere(request):
        return redirect(address(request, "oauth_authorize"))
    return authorization.refuse(opened)
