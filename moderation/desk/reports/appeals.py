"""Appeals that people send from their account page: reports about themselves, for the staff."""

from typing import Any, Final

from django.dispatch import receiver

from accounts.models import Account
from accounts.signals import appeal_made
from moderation.desk.reports import reports

REASON: Final = "com.atproto.moderation.defs#reasonAppeal"


@receiver(appeal_made, dispatch_uid="moderation.desk.reports.appeals")
def file_appeal(account: Account, text: str, **_: Any) -> None:
    """The report that createReport would file."""
    reports.file(account, {"$type": reports.REPO_REF, "did": account.did}, REASON, text)
