"""The routes of a host's own name. Packages above are named by dotted string only.

A name under a handle domain has routes of its own (hosting.tenancy.routing.HANDLE_URLS).
"""

from django.urls import include, path
from django.utils.module_loading import autodiscover_modules

from hosting.console.site import console
from hosting.mail import captured
from hosting.pages import landing, platform_urls

autodiscover_modules("console")  # each package hangs its pages on the console's site

urlpatterns = [
    path("", landing.landing),
    path("robots.txt", landing.robots),
    *platform_urls.urlpatterns,
    path("", include("xrpc.urls")),
    path("", include("accounts.oauth.endpoints.urls")),
    path("", include("accounts.pages.urls")),
    path("", include("repos.account_transfer.pages.urls")),
    path("", include("moderation.desk.pages.urls")),
    path("", include("moderation.enforcement.pages.urls")),
    path("", include("provider.pages.urls")),
    path("api/v1/", include("provider.api.urls")),
    path("dev/mail", captured.index),
    path("dev/mail/<int:mail_id>", captured.as_html),
    path("console/", console.urls),
]
