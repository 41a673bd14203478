"""Template tags of the account centre: `{% load centre %}`."""

from typing import Any

from django import template
from django.template import Context

from accounts.models import Account
from accounts.pages.centre import navigation
from accounts.pages.centre.signed_in import address, is_of_account, name_of, visit_of

register = template.Library()


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
        "account": visit.session.account,
        "others": visit.others,
    }


@register.filter
def path_name(account: Account) -> str:
    """How an address names an account."""
    return name_of(account)
