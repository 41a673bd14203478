"""The routes of a host's own name. Rooms above are named by dotted string only.

A name under a handle domain has routes of its own (hosting.routing.HANDLE_URLS).
"""

from django.urls import include, path
from django.utils.module_loading import autodiscover_modules

from hosting import doorstep, platform_urls
from hosting.console import console
from hosting.mail import captured

autodiscover_modules("console")  # each room hangs its pages on the console's site

urlpatterns = [
    path("", doorstep.landing),
    path("robots.txt", doorstep.robots),
    *platform_urls.urlpatterns,
    path("", include("xrpc.urls")),
    path("", include("accounts.pages.urls")),
    path("dev/mail", captured.index),
    path("dev/mail/<int:mail_id>", captured.as_html),
    path("console/", console.urls),
]
