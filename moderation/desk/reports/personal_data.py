"""What moderation keeps of somebody, for the archive that they may ask for.

Reports that they made, and decisions about their account and what is in it. Who decided and what
staff wrote down about it is left out, since it may speak of others; so are reports by others.
"""

from typing import Any, Final

from django.dispatch import receiver

from accounts.models import Account
from moderation.models import AuditEntry, Report
from repos.account_transfer.archives.private_data import Files, private_data_asked

_REPORT: Final = (
    "created_at", "reason_type", "reason", "subject_did", "subject_uri", "subject_cid"
)  # fmt: skip
_DECISION: Final = ("created_at", "action", "stage", "subject_record", "subject_cid")


@receiver(private_data_asked, dispatch_uid="moderation.desk.reports.personal_data")
def of_account(account: Account, **_: Any) -> Files:
    """Files for the archive (repos.account_transfer.archives.private_data)."""
    made = Report.objects.filter(host=account.host, reported_by=account.did).order_by("pk")
    decided = AuditEntry.objects.filter(host=account.host).about(account.did).order_by("pk")
    return {
        "reports.json": made.values(*_REPORT).iterator(),
        "decisions.json": decided.values(*_DECISION).iterator(),
    }
