"""`/dev/mail`: the letters of a sandbox without a mail server, for those who try it out.

Everybody who reaches the page reads everybody's codes there, so it exists in a sandbox only, shows
one host's letters, and behind TLS, where a sandbox may be in reach of others, it asks for staff.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from hosting.console import console
from hosting.mail import outbox
from hosting.mail.models import OutgoingMail, OutgoingMailQuerySet
from hosting.models import Host
from hosting.routing import host_of

SHOWN_MAX = 100
# A letter has its styles inline, as mail programs want it, and needs nothing else.
LETTER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups"


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
    """`/dev/mail/<id>`: the letter as a mail program shows it."""
    mail = get_object_or_404(_readable(request).exclude(html=""), pk=mail_id)
    response = HttpResponse(mail.html)
    response["Content-Security-Policy"] = LETTER_POLICY
    return response


def _readable(request: HttpRequest) -> OutgoingMailQuerySet:
    """This host's captured letters, if whoever asks may read them."""
    host = host_of(request)
    if not outbox.is_capturing() or not _may_read(request, host):
        raise Http404
    return OutgoingMail.objects.filter(host=host, state=OutgoingMail.State.CAPTURED)


def _may_read(request: HttpRequest, host: Host) -> bool:
    return host.origin.startswith("http://") or console.has_permission(request)
