"""Abuse notices as work: whomever a notice names has a case at their host."""

from typing import Any, Final

from django.dispatch import receiver

from accounts.models import Account
from moderation.desk import cases
from moderation.desk.subjects.subject import Subject
from moderation.enforcement.legal.abuse_notices import received
from moderation.models import AbuseNotice, Case

_KINDS: Final = {
    AbuseNotice.Kind.SPAM: Case.Kind.SPAM,
    AbuseNotice.Kind.EXTREMIST: Case.Kind.VIOLENCE,
}


@receiver(received, dispatch_uid="moderation.desk.reports.abuse_notices")
def open_cases(notice: AbuseNotice, **_: Any) -> None:
    """Open or join a case for each account that is here, in the sender's transaction."""
    dids = {subject["accountDid"] for subject in notice.subjects}
    here = Account.objects.of(notice.host).open().filter(did__in=dids)
    kind = _KINDS.get(AbuseNotice.Kind(notice.kind), Case.Kind.OTHER)
    for did in here.order_by("did").values_list("did", flat=True):  # two notices lock in one order
        cases.open_or_join(notice.host, Subject(did), kind)
