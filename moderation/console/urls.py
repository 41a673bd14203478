"""The console's own pages, beside the lists that the admin site makes."""

from django.urls import URLPattern, path

from hosting.console import ConsoleSite
from moderation.console import views


def pages(site: ConsoleSite) -> list[URLPattern]:
    """URL patterns under `/console/`; every view passes the site's permission check."""
    return [
        path("look-up/", site.admin_view(views.look_up), name="look_up"),
        path("accounts/<str:did>/", site.admin_view(views.account), name="account"),
        path("accounts/<str:did>/take-down/", site.admin_view(views.take_down), name="take_down"),
        path("accounts/<str:did>/restore/", site.admin_view(views.restore), name="restore"),
    ]
