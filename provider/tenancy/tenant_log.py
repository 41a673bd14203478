"""What was changed of a tenant as a whole, on the record: an entry at its first host.

A tenant without hosts has no audit log, and neither has the platform: of theirs there is a line in
the server's.
"""

from functools import partial

import structlog
from django.db import transaction

from hosting.models import Tenant
from moderation import audit
from moderation.audit import Actor
from moderation.models import AuditEntry

logger = structlog.stdlib.get_logger(__name__)


def note(by: Actor, tenant: Tenant | None, what: str) -> None:
    """Say what `by` did, in the transaction that does it."""
    host = tenant.hosts.order_by("pk").first() if tenant else None
    if host is not None:
        audit.record_at_host(by, host, AuditEntry.Action.HOST_CHANGE_SETTINGS, what)
    else:
        line = partial(
            logger.info, actor=str(by), tenant=tenant.slug if tenant else "platform", what=what
        )
        transaction.on_commit(partial(line, "settings changed"))
