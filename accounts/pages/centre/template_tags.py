"""Template tags of the account centre: `{% load centre %}`."""

import re
from typing import Any, Final

from django import template
from django.template import Context
from django.utils.translation import gettext as _

from accounts.delegation import acting
from accounts.models import Account
from accounts.pages import cookies
from accounts.pages.centre import navigation
from accounts.pages.centre.signed_in import address, is_of_account, name_of, visit_of
from hosting.tenancy.routing import host_of

register = template.Library()
# What stands in the user agents of browsers and systems; the more special first.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@register.simple_tag(takes_context=True)
def page_address(context: Context, name: str, **more: Any) -> str:
    """`{% page_address 'security' %}`: another page for the same account."""
    return address(context["request"], name, **more)


@register.inclusion_tag("accounts/centre/navigation.html", takes_context=True)
def navigation_of_account(context: Context) -> dict[str, Any]:
    """The places, the account that the page is of, and who else is signed in in the browser."""
    request = context["request"]
    if not is_of_account(request):
        return {}
    visit = visit_of(request)
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "links": navigation.links(request),
        "account": visit.account,
        "others": visit.others,
        "visit": visit,
        "acting_for": acting.of_people(host_of(request), cookies.people_of(request, visit.here)),
    }


@register.filter
def path_name(account: Account) -> str:
    """How an address names an account."""
    return name_of(account)


@register.filter
def agent_name(agent: str) -> str:
    """What a browser or app calls itself, in a word or two: `Firefox, Windows`."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if not browser:  # an app: `Name/1.0 (...)`
        browser = re.split(r"[/ ]", agent, maxsplit=1)[0][:40] or _("unknown app")
    return f"{browser}, {system}" if system else browser
