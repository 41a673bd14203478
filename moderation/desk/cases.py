"""Cases: what the reports of one subject at a host come to.

A report opens a case, or joins the one that is not closed yet; an appeal has a case of its own, for
somebody else than who decided. What staff do with cases: moderation.desk.moves.
"""

from typing import Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Account
from hosting.models import Host, Member, StaffUser
from moderation import permissions
from moderation.desk import deadlines, kinds
from moderation.desk.subjects.facts import appealed
from moderation.desk.subjects.subject import Subject
from moderation.models import AuditEntry, Case, CaseEvent
from moderation.permissions import Deed

State, Event, Action = Case.State, CaseEvent.Kind, AuditEntry.Action
_DECISIONS: Final = (Action.ACCOUNT_TAKE_DOWN, Action.RECORD_TAKE_DOWN, Action.BLOB_TAKE_DOWN)
_DECIDING: Final = permissions.TABLE[Deed.APPEALS_DECIDE]


def open_or_join(host: Host, subject: Subject, kind: str, *, is_report: bool = True) -> Case:
    """The case about this subject that is not closed, or a new one; in the caller's transaction.

    A subject at another host of the same tenant has its case there. A graver kind takes the place
    of a less grave one, and brings its deadline.
    """
    host = _where(host, subject)
    is_appeal = kind == Case.Kind.APPEAL
    known = Case.objects.filter(host=host).with_subject(subject.name).unclosed()
    known = known.filter(kind=kind) if is_appeal else known.exclude(kind=Case.Kind.APPEAL)
    case = None
    while case is None:  # once more when somebody opened it at this very moment
        case = known.select_for_update(no_key=True).first() or _opened(host, subject, kind)
    if not is_report:
        return case
    case.kind = kinds.graver(case.kind, kind)
    case.due_at = min(case.due_at, deadlines.due_at(host.tenant_id, kind))
    case.priority = min(case.priority, priority(kind))
    case.report_count, case.reported_at = case.report_count + 1, timezone.now()
    case.save(update_fields=["kind", "due_at", "priority", "report_count", "reported_at"])
    return case


def open_by_staff(host: Host, subject: Subject, kind: str) -> Case:
    """A case that nobody reported, or the one that is there."""
    with transaction.atomic():
        return open_or_join(host, subject, kind, is_report=False)


def priority(kind: str) -> int:
    """With which priority a case of a kind begins."""
    first = (Case.Kind.CHILD_SAFETY, Case.Kind.SELF_HARM)
    return Case.Priority.URGENT if kind in first else Case.Priority.NORMAL


def tell(case: Case, kind: CaseEvent.Kind, staff: StaffUser | None, text: str = "") -> CaseEvent:
    """Leave an event at a case, in the caller's transaction."""
    return CaseEvent.objects.create(case=case, kind=kind, staff=staff, text=text)


def _where(host: Host, subject: Subject) -> Host:
    """The host of the same tenant at which the subject lives, if any."""
    ids = Account.objects.filter(did=subject.did).values_list("host_id", flat=True)
    if host.pk in (found := set(ids)) or not found:
        return host
    return Host.objects.filter(pk__in=found, tenant=host.tenant_id).first() or host


def _opened(host: Host, subject: Subject, kind: str) -> Case | None:
    """A new case; None when there is one after all."""
    try:
        with transaction.atomic():
            case = Case.objects.create(
                host=host,
                subject=subject.name,
                subject_did=subject.did,
                collection=subject.collection,
                kind=kind,
                priority=priority(kind),
                due_at=deadlines.due_at(host.tenant_id, kind),
                barred=_who_decided(host, subject) if kind == Case.Kind.APPEAL else None,
            )
    except IntegrityError:
        return None
    tell(case, Event.OPENED, None)
    return case


def _who_decided(host: Host, subject: Subject) -> StaffUser | None:
    """Whose decision about the subject is appealed, where somebody else could decide anew."""
    decision = appealed(host, subject.did)
    made = AuditEntry.objects.filter(host=host, action__in=_DECISIONS, staff__isnull=False)
    of_log = made.about(subject.did).select_related("staff")
    entry = decision.entry if decision else of_log.first()
    if entry is None or entry.staff is None:
        return None
    deciding = Member.objects.filter(tenant=host.tenant_id, role__in=_DECIDING)
    return entry.staff if deciding.exclude(user=entry.staff).exists() else None
