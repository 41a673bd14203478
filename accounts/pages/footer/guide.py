"""The page that says where to find what, for people who have an account and for who cannot get in.

docs/your-account.md says the same at more length, in English.
"""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

_TEMPLATE: Final = "accounts/guide.html"


@dataclass(frozen=True)
class Entry:
    """What somebody wants, and the page where it is done, by its route and its name."""

    wanted: Promise
    route: str
    page: Promise


_ENTRIES: Final = (
    Entry(_("Another name, or your own domain as your name"), "handle", _("Handle and address")),
    Entry(_("Another e-mail address"), "handle", _("Handle and address")),
    Entry(_("Another password"), "security", _("Security")),
    Entry(_("Nobody gets in who only knows the password"), "second_factors", _("Second factors")),
    Entry(_("Where you are signed in, and an end to it"), "devices", _("Devices and sessions")),
    Entry(_("Who signed in, or tried to"), "history", _("Sign-ins and changes")),
    Entry(_("A password for an app that knows no other way"), "app_passwords", _("App passwords")),
    Entry(_("What each app may do, and an end to it"), "apps", _("Your apps")),
    Entry(_("Your posts, pictures and settings in a file"), "data:home", _("Your data")),
    Entry(_("Others who act for your account without its password"), "people", _("People")),
    Entry(_("An identity that does not depend on this host"), "did", _("Your identity")),
    Entry(_("To live at another host"), "move_out", _("Move to another host")),
    Entry(_("To bring an account from another host"), "data:move_in", _("Move in")),
    Entry(_("To rest, or to delete everything"), "close", _("Close account")),
)


@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    """`/account/help`: for everybody, in the reader's language."""
    shown = [(entry, address) for entry in _ENTRIES if (address := _address(entry.route))]
    return render(request, _TEMPLATE, {"entries": shown})


def _address(route: str) -> str:
    """Nothing for a page of a package above that is absent."""
    try:
        return reverse(route if ":" in route else f"accounts:{route}")
    except NoReverseMatch:
        return ""
