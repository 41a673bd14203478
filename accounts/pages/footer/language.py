"""The switch of languages at the foot of the pages."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.models import Account
from accounts.pages import cookies
from hosting.pages import languages, next_page
from hosting.tenancy.routing import host_of


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """`/account/language`: this browser's pages from now on, and the e-mails to everybody who is
    signed in in it; then back to the page where it was chosen."""
    page = request.POST.get(next_page.FIELD, "")
    response = HttpResponseRedirect(page if next_page.is_path(page) else reverse("accounts:home"))
    code = request.POST.get("language", "")
    if code in languages.offered():
        languages.keep(request, response, code)
        here = [each.account_id for each in cookies.sessions_of(request)]
        Account.objects.of(host_of(request)).filter(pk__in=here).update(language=code)
    return response
