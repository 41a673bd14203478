"""The routes of a sign-in by OpenID Connect."""

from django.urls import path

from accounts.oauth.openid import flows
from accounts.pages.centre.urls import of_accounts
from accounts.pages.openid import connecting, entering, proving, way

_FOR_APPS = "oauth/authorize/sign-in/openid"

urlpatterns = [
    path("account/sign-in/openid", way.begin, name="openid"),
    path(f"{flows.BACK}/<int:provider_id>", way.back, name="openid_back"),
    path("account/sign-in/openid/enter", entering.enter, name="openid_enter"),
    path(_FOR_APPS, entering.begin_for_app, name="oauth_openid"),
    path(f"{_FOR_APPS}/enter", entering.enter_for_app, name="oauth_openid_enter"),
    *of_accounts(
        [
            path("prove/openid", proving.begin, name="openid_prove"),
            path("prove/openid/done", proving.done, name="openid_proven"),
            path("security/openid", connecting.connections, name="openid_connections"),
            path("security/openid/connect", connecting.connect, name="openid_connect"),
            path("security/openid/connected", connecting.connected, name="openid_connected"),
        ]
    ),
]
