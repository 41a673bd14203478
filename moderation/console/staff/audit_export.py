"""The console's download of the audit log: the whole log of the host's tenant, as JSON lines."""

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from hosting.tenancy.routing import host_of
from moderation import audit, audit_chain, permissions
from moderation.console.views import staff_of
from moderation.models import AuditEntry
from moderation.permissions import Deed


@require_POST
def export(request: HttpRequest) -> StreamingHttpResponse:
    """All entries, in the order of the chain. The download is the last of them."""
    host = host_of(request)
    permissions.require(staff_of(request), Deed.AUDIT_EXPORT, host.tenant_id)
    action = AuditEntry.Action.AUDIT_EXPORT
    audit.record_at_host(staff_of(request), host, action, "downloaded as JSON lines")
    name = f"audit-{host.tenant.slug}-{timezone.now():%Y-%m-%d}.jsonl"
    return StreamingHttpResponse(
        audit_chain.json_lines(host.tenant),
        content_type="application/x-ndjson",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
    )
