"""The page of the apps that an account is signed in to: what each may do, and an end to it.

Source: draft-ietf-oauth-authorization-management-uri; apps find it in the server's metadata.
"""

from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.delegation.roles import Deed
from accounts.models import Account
from accounts.oauth.clients import in_use
from accounts.pages.centre import changes
from accounts.pages.centre.signed_in import acting_of, for_signed_in, go_to, open_to
from accounts.pages.oauth import permission_wording
from hosting.tenancy.routing import host_of


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_signed_in
@open_to(Deed.SEE_APPS)
@changes.counted
def apps(request: HttpRequest, account: Account) -> HttpResponse:
    """`/account/apps`: all apps; sent with a `client_id`, that one has no access any more."""
    if request.method == "POST":
        with suppress(in_use.NoSuchApp):  # it has none already
            in_use.disconnect(account, request.POST.get("client_id", ""))
        return go_to(request, "apps")
    shown: dict[str, Any] = {
        "host": host_of(request),
        "account": account,
        "is_owner": acting_of(request) is None,
        "apps": [(app, _permissions(app)) for app in in_use.of(account)],
    }
    return render(request, "accounts/apps.html", shown)


def _permissions(app: in_use.ConnectedApp) -> list[permission_wording.Permission]:
    # Sets by their names: this page asks no other server.
    return permission_wording.described([str(scope) for scope in app.scopes], {})
