"""URLs of the relay's pages on the console, and the deed that opens each."""

from typing import Final

from django.urls import URLPattern, path

from hosting.console.site import ConsoleSite
from moderation.permissions import Deed
from relay.console import views

_ROUTES: Final = (
    ("relay/", views.listed, "relay"),
    ("relay/bans/", views.ban, "ban_relay_domain"),
    ("relay/bans/lift/", views.lift, "lift_relay_ban"),
    ("relay/hosts/<int:host_id>/", views.one, "relay_host"),
    ("relay/hosts/<int:host_id>/limit/", views.change_limit, "change_relay_limit"),
    ("relay/hosts/<int:host_id>/crawl/", views.crawl, "crawl_relay_host"),
)
PAGES: Final[dict[str, Deed]] = {name: Deed.RELAY_RUN for _, _, name in _ROUTES}


def pages(site: ConsoleSite) -> list[URLPattern]:
    """URL patterns under `/console/`."""
    return [path(at, site.admin_view(view), name=name) for at, view, name in _ROUTES]
