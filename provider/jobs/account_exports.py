"""A person's archive that their host's staff have made: the same ZIP that its owner asks for.

The worker of archives makes it (repos.account_transfer.archives), the owner is told by mail and
finds it on the page *Data*; the job here only looks how far it is.
"""

from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from moderation import audit
from moderation.audit import Actor
from moderation.models import AuditEntry
from protocol.errors import XrpcError
from provider.jobs import kinds, running
from provider.jobs.work import Work
from provider.models import Job
from repos.account_transfer.archives import requests
from repos.models import AccountArchive

KIND: Final = "account.export"
_LOOKED_EVERY_S: Final = 2.0


class ExportFailed(XrpcError):
    """500: there is no archive; why is in the message."""

    name = "ExportFailed"
    status = 500


def begin(account: Account, by: Actor, reason: str) -> Job:
    """Have one made, on the record; the one before goes. Raises ArchiveUnderWay, TooManyArchives,
    RateLimitExceeded, TooManyJobs."""
    requests.spend(account)
    with transaction.atomic():
        requests.begin(account, account.language)
        audit.record(by, account, AuditEntry.Action.ACCOUNT_EXPORT, reason)
        return running.begin(KIND, account.host.tenant, by, {"account": account.pk})


def follow(work: Work) -> dict[str, Any]:
    """A job's work. Raises ExportFailed, Later."""
    found = Account.objects.filter(pk=work.given["account"], host__tenant=work.job.tenant_id)
    account = found.select_related("host").first()
    archive = requests.find(account) if account is not None else None
    if account is None or archive is None:
        raise ExportFailed("The account or its archive is gone.")
    work.advance(archive.size_bytes, total=archive.expected_bytes or None, step=archive.state)
    if archive.is_open:
        work.pause(_LOOKED_EVERY_S)
    if archive.state != AccountArchive.State.READY:
        raise ExportFailed(archive.last_error or "The archive could not be made.")
    return {
        "did": account.did,
        "host": account.host.hostname,
        "bytes": archive.size_bytes,
        "expires_at": archive.expires_at.isoformat() if archive.expires_at else None,
    }


kinds.register(KIND, follow, _("Archive made or fetched"), is_alone=False)
