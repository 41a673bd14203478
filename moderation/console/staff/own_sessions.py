"""One's own sessions on the console, at all hosts: seen, and ended one by one or all others."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hosting.console.page import render_page
from hosting.tenancy.routing import host_of
from moderation.console.views import staff_of
from moderation.staff import console_sessions


@require_http_methods(["GET", "HEAD", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """`/console/sessions/`: a POST ends the one that it names (`session`), or all others."""
    staff = staff_of(request)
    sessions = console_sessions.of(staff, None, request.session.session_key)
    if request.method == "POST":
        named = request.POST.get("session")
        others = [each.name for each in sessions if not each.is_this]
        ended = console_sessions.end(staff, host_of(request), staff, [named] if named else others)
        messages.success(request, _("Sessions ended: %s") % ended)
        return redirect("console:own_sessions")
    context = {"title": _("Your sessions"), "sessions": sessions}
    return render_page(request, "moderation/own_sessions.html", context)
