"""Suspension of a tenant: its hosts take nothing in and show nobody's data until it is lifted.

Whoever has an account can still sign in on the pages to take the data and to move out, and the
firehose goes on. The tenant comes with the host that a request is for and is remembered with it
(hosting.tenancy.routing), so asking costs nothing, and every process knows within three seconds.
provider.tenancy.suspensions suspends and resumes.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hosting.models import Host
from protocol.errors import XrpcError
from server.jobs.leased_job import LeasedJob

LOOKED_AGAIN_AFTER: Final = timedelta(minutes=1)
GetResponse = Callable[[HttpRequest], HttpResponseBase]
# Pages by which somebody would come in, or an app, or get another handle, as by methods
# (xrpc.auth.suspended_hosts): those of people who leave stay.
_WAYS_IN: Final = re.compile(
    r"/(account/(u/[^/]+/)?(sign-up|handle-available|move-in|activate|people|visit"
    r"|handle/(change|domain)|apps/passwords/new)|gate/signup|oauth/authorize)(/|$)"
)


class TenantSuspended(XrpcError):
    """401: the tenant is suspended, and every account of it."""

    name = "AccountSuspended"
    status = 401
    page_text = _("This host is suspended. You can take your data and move out.")

    def __init__(self, host: Host) -> None:
        super().__init__(f"This server is suspended: {host.tenant.suspension_reason}")


def is_suspended(host: Host) -> bool:
    """Whether the host's tenant is suspended."""
    return host.tenant.suspended_at is not None


def is_put_off(job: LeasedJob, host_id: int, attempts: int) -> bool:
    """Whether a job that fills an account waits, as the tenant of that host is suspended: it is
    given back for a minute, with so many attempts. Asks the database."""
    if not Host.objects.filter(pk=host_id, tenant__suspended_at__isnull=False).exists():
        return False
    job.postpone(timezone.now() + LOOKED_AGAIN_AFTER, attempts=attempts)
    return True


def refuse_suspended(host: Host) -> None:
    """Raises TenantSuspended."""
    if is_suspended(host):
        raise TenantSuspended(host)


class SuspendedPages:
    """Answers for the pages by which nobody comes in while the tenant is suspended."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        host = getattr(request, "host", None)
        if host is None or not is_suspended(host) or not _WAYS_IN.match(request.path_info):
            return self.get_response(request)
        return page(request)


def page(request: HttpRequest) -> HttpResponse:
    """Why it is not possible, and what is."""
    response = render(request, "suspended.html", status=403)
    response["Cache-Control"] = "no-store"
    return response
