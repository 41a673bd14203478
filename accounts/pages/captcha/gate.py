"""The captcha gate: where apps send people before they call createAccount.

Source: what the network's apps do when `describeServer` says `phoneVerificationRequired`: they open
`/gate/signup?handle=&state=` in a view of their own and wait for it to end at their own address
with `code` (the `verificationCode` to hand in) and `state`. The page may be framed by exactly those
addresses, so it has no cookie, no session and no say over anything but the code.
"""

from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.datastructures import MultiValueDict
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.pages.captcha.widgets import Captcha
from accounts.signup import captcha
from hosting import limits
from hosting.models import Host
from hosting.pages.security_headers import page_policy
from hosting.tenancy.routing import host_of
from protocol.errors import XrpcError

_VALUE_MAX_CHARS = 300


# A framed page gets no cookie of ours, so none can vouch for the form; what the form asks for is
# worth exactly one sign-up that anybody could ask for.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def gate(request: HttpRequest) -> HttpResponse:
    """`/gate/signup`: the captcha alone, then back to the app with a code."""
    host = host_of(request)
    if host.admission != Host.Admission.CAPTCHA:
        raise Http404
    asked = request.POST if request.method == "POST" else request.GET
    shown = Captcha(host)
    problem = ""
    if request.method == "POST":
        try:
            limits.attempt(request, limits.SIGN_UP, host)
            address = request.META.get("REMOTE_ADDR", "")
            code = captcha.give_pass(host, shown.answer_in(request.POST), address)
            return _back(asked, code)
        except XrpcError as refusal:
            problem = refusal.for_page()
    return _page(request, host, shown, problem)


def _page(request: HttpRequest, host: Host, shown: Captcha, problem: str) -> HttpResponse:
    asked = request.POST if request.method == "POST" else request.GET
    context = {
        "host": host,
        "captcha": shown,
        "problem": problem,
        "handle": asked.get("handle", "")[:_VALUE_MAX_CHARS],
        "state": asked.get("state", "")[:_VALUE_MAX_CHARS],
        "redirect_url": _target(asked),
    }
    response = render(request, "accounts/gate.html", context, status=422 if problem else 200)
    apps = " ".join(settings.GATE_ORIGINS)
    response["Content-Security-Policy"] = page_policy(
        {**shown.sources, "form-action": apps}, frame_ancestors=apps
    )
    response["Cross-Origin-Opener-Policy"] = "unsafe-none"  # an app that opened it may watch it
    return response


def _back(asked: MultiValueDict[str, str], code: str) -> HttpResponse:
    query = {"state": asked.get("state", "")[:_VALUE_MAX_CHARS], "code": code}
    return HttpResponseRedirect(f"{_target(asked)}?{urlencode(query)}")


def _target(asked: MultiValueDict[str, str]) -> str:
    """The app's address: one of those that we know, or the first of them."""
    try:
        wished = urlsplit(asked.get("redirect_url", "")[:_VALUE_MAX_CHARS])
    except ValueError:  # brackets that do not close, characters that no host name has
        return f"{settings.GATE_ORIGINS[0]}/"
    origin = f"{wished.scheme}://{wished.netloc}"
    if origin in settings.GATE_ORIGINS:
        return f"{origin}{wished.path or '/'}"
    return f"{settings.GATE_ORIGINS[0]}/"
