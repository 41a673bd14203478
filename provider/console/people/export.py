"""The list of everybody at a tenant's hosts as CSV, for its owner; on the record."""

from collections.abc import Iterator
from typing import Any, Final

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import Account
from accounts.models.accounts import AccountQuerySet
from hosting.console.site import hosts_in_view
from hosting.tenancy.routing import host_of
from moderation import audit, permissions
from moderation.console.views import staff_of
from moderation.models import AuditEntry
from moderation.permissions import Deed
from server.web import csv_lines

_BATCH: Final = 1_000
_COLUMNS: Final = ("handle", "did", "email", "status", "host__hostname", "created_at")


@require_POST
def export(request: HttpRequest) -> StreamingHttpResponse:
    """`/console/people/export/`: a line each, in the order of sign-up."""
    host, staff = host_of(request), staff_of(request)
    permissions.require(staff, Deed.PEOPLE_EXPORT, host.tenant_id)
    action = AuditEntry.Action.ACCOUNTS_EXPORT
    audit.record_at_host(staff, host, action, "downloaded as CSV")
    name = f"accounts-{host.tenant.slug}-{timezone.now():%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        _lines(hosts_in_view(request).narrow(Account.objects.open())),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
    )


def _lines(accounts: AccountQuerySet) -> Iterator[str]:
    """A batch a statement, so that no statement lasts as long as a slow download."""
    yield csv_lines.line(["handle", "did", "email", "status", "host", "signed up"])
    after = 0
    found = accounts.order_by("pk")
    while rows := list(found.filter(pk__gt=after).values_list("pk", *_COLUMNS)[:_BATCH]):
        after = rows[-1][0]
        yield "".join(csv_lines.line(map(_text, row[1:])) for row in rows)


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value or "")
