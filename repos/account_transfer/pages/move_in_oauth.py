"""Moving in with a session at the old host, where somebody signed in by OAuth.

People go there by a link, because a form that ends at another site would need a wider policy of the
page (docs/decisions/0031).
"""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Account
from accounts.oauth.own_client.refusals import SignInLost
from accounts.pages import cookies
from accounts.pages.answers import posted, show_form, status_of
from accounts.pages.centre.signed_in import for_signed_in
from accounts.signup.rules import SignUp
from hosting import limits
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError
from repos.account_transfer.moves import beginning, oauth_sign_in
from repos.account_transfer.moves.old_host import OldHost
from repos.account_transfer.pages import move_in
from repos.account_transfer.pages.move_forms import OAuthHomeForm, WhoForm
from repos.models import MoveIn

TEMPLATE = "account_transfer/move_in_oauth.html"


@never_cache
@require_safe
def back(request: HttpRequest) -> HttpResponse:
    """`/account/move-in/back`: signed in at the old host; now the account here, or on with a
    move."""
    host = host_of(request)
    try:
        old, is_again = oauth_sign_in.finish(host, move_in.way_back(request), request.GET)
        if is_again:
            return _go_on(request, old)
        form = OAuthHomeForm(host, None, beginning.look_up(host, old.did))
    except XrpcError as refusal:
        return _refused(request, refusal)
    form.initial["old_session"] = oauth_sign_in.carried(host, old)
    return move_in.shown(request, TEMPLATE, form)


@require_POST
def with_session(request: HttpRequest) -> HttpResponse:
    """`/account/move-in/session`: begin with the session there."""
    form = OAuthHomeForm(host_of(request), posted(request))

    def begin(wanted: SignUp) -> Account:
        old = oauth_sign_in.taken(form.host, form.cleaned_data["old_session"])
        return beginning.from_oauth(form.host, wanted, old)

    return move_in.begun(request, TEMPLATE, form, begin)


@never_cache
@require_safe
@for_signed_in
def again(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/move/oauth`: to the old host once more, when the session there has ended."""
    host = host_of(request)
    if not MoveIn.objects.filter(pk=account.pk, host_id=account.host_id).exists():
        return redirect("data:move")
    try:
        limits.attempt(request, move_in.MOVES, host)
        document = beginning.look_up(host, account.did)
        started = oauth_sign_in.begin(host, document, is_again=True)
    except XrpcError as refusal:
        return _refused(request, refusal)
    if started is None:
        return redirect("data:move")
    return move_in.keep_way_back(request, HttpResponseRedirect(started.url), started)


def _go_on(request: HttpRequest, old: OldHost) -> HttpResponse:
    """The move of who is signed in here as the one who signed in there. Raises SignInLost."""
    here = [each.account for each in cookies.sessions_of(request) if each.account.did == old.did]
    moves = MoveIn.objects.filter(pk__in=[each.pk for each in here], origin=old.origin)
    if not here or not moves.exists():
        raise SignInLost
    beginning.signed_in_again(here[0], old)
    return redirect("data:move")


def _refused(request: HttpRequest, refusal: XrpcError) -> HttpResponse:
    """The first page again, which says what went wrong."""
    form = WhoForm(host_of(request))
    form.problem = form.told(refusal)
    return show_form(request, move_in.WHO, form, status_of(refusal))
