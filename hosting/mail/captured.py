"""`/dev/mail`: the e-mails of a sandbox without a mail server, for those who try it out.

Everybody who reaches the page reads everybody's codes there, so it exists in a sandbox only, shows
one host's e-mails, and asks who is there: over https platform staff (whoever reads a code can
become the account, which no role at a tenant may), over http clients on this machine.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from hosting.console.site import console
from hosting.mail import outbox
from hosting.mail.models import OutgoingMail, OutgoingMailQuerySet
from hosting.models import Host, StaffUser
from hosting.tenancy.routing import host_of
from server.net.public_addresses import is_loopback

SHOWN_MAX = 100
# An e-mail has its styles inline, as mail programs want it, and needs nothing else.
EMAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups"


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """`/dev/mail`, newest first; `?to=` leaves out what went to others."""
    mails = _readable(request)
    if recipient := request.GET.get("to", "").strip().lower():
        mails = mails.filter(recipient=recipient)
    shown = {"host": host_of(request), "mails": mails.order_by("-id")[:SHOWN_MAX]}
    return render(request, "mail/captured.html", shown)


@never_cache
@require_safe
def as_html(request: HttpRequest, mail_id: int) -> HttpResponse:
    """`/dev/mail/<id>`: the e-mail as a mail program shows it."""
    mail = get_object_or_404(_readable(request).exclude(html=""), pk=mail_id)
    response = HttpResponse(mail.html)
    response["Content-Security-Policy"] = EMAIL_POLICY
    return response


def _readable(request: HttpRequest) -> OutgoingMailQuerySet:
    """This host's captured e-mails, if whoever asks may read them."""
    host = host_of(request)
    if not outbox.is_capturing() or not _may_read(request, host):
        raise Http404
    return OutgoingMail.objects.filter(host=host, state=OutgoingMail.State.CAPTURED)


def _may_read(request: HttpRequest, host: Host) -> bool:
    if request.is_secure() or not host.origin.startswith("http://"):
        return _is_platform_staff(request)
    return _is_at_this_machine(request)


def _is_platform_staff(request: HttpRequest) -> bool:
    user = request.user
    return (
        isinstance(user, StaffUser) and user.is_platform_staff and console.has_permission(request)
    )


def _is_at_this_machine(request: HttpRequest) -> bool:
    """Whether the client is on loopback and, where a reverse proxy on loopback passes it on
    (whether GROVE_TRUSTED_PROXIES names it or not), everybody that the proxy speaks for."""
    headers = request.headers
    told = f"{headers.get('X-Forwarded-For', '')},{headers.get('X-Real-Ip', '')}"
    clients = [each.strip() for each in told.split(",") if each.strip()]
    if "Forwarded" in headers or ("Via" in headers and not clients):
        return False  # passed on, and not said for whom in a way that is read here
    return all(map(is_loopback, [request.META.get("REMOTE_ADDR", ""), *clients]))
