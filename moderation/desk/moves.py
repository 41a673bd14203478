"""Moves of cases: staff take them, set them aside, close them, open them anew, and write notes.

Every verb locks the case's row, so that two moderators wait for one another, and leaves an event;
closing and reopening are in the audit log, too. Which state may follow which:
moderation.desk.states.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Case as DbCase
from django.db.models import F, Q, QuerySet, TextField, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hosting.models import Host, StaffUser
from moderation import audit, permissions
from moderation.desk import deadlines, states
from moderation.desk.cases import priority, tell
from moderation.models import AuditEntry, Case, CaseEvent, CaseQuerySet, Report
from moderation.permissions import Deed, NotAllowed
from protocol.errors import InvalidRequest, XrpcError

State, Event, Action = Case.State, CaseEvent.Kind, AuditEntry.Action
NOTE_MAX_CHARS: Final = 5_000
_EVENTS_AT_ONCE: Final = 1_000


class CaseMoved(XrpcError):
    """409: somebody else was faster, and the case is not where this could be done any more."""

    name = "CaseMoved"
    status = 409
    message = "The case has been moved by somebody else meanwhile"
    page_text = _("Somebody else has moved this case meanwhile.")


class NotForWhoDecided(NotAllowed):
    """403: an appeal is decided by somebody else than the decision that it appeals."""

    message = "An appeal is for somebody else than who decided."
    page_text = _("You took the decision that is appealed. Somebody else decides about the appeal.")


class WaitTooLong(InvalidRequest):
    """400: what is urgent does not wait for so long."""

    field = "days"
    message = "Cases of this kind are not set aside for so long"
    page_text = _("Cases of this kind cannot be set aside for so long. Choose fewer days.")


class NoteNeeded(InvalidRequest):
    """400: a note without words."""

    message = "The note is empty"
    page_text = _("Write something first.")


def take(staff: StaffUser, case: Case) -> Case:
    """Have a case oneself, whoever had it before. Raises NotAllowed, CaseMoved."""
    return assign(staff, case, staff)


def assign(staff: StaffUser, case: Case, to: StaffUser) -> Case:
    """Give a case to somebody of the tenant's staff. Raises NotAllowed, CaseMoved."""
    with _locked(staff, case, Deed.CASES_ASSIGN) as row:
        permissions.require(to, Deed.CASES_ASSIGN, row.host.tenant_id)
        _check_barred(row, to)
        _move(row, State.ASSIGNED, assignee=to, waiting_until=None)
        tell(row, Event.ASSIGNED, staff, "" if to == staff else str(to))
    return row


def assignable(case: Case) -> QuerySet[StaffUser]:
    """Who may be given the case: staff of its tenant by their role, but not who took the decision
    that it appeals."""
    roles = permissions.TABLE[Deed.CASES_ASSIGN]
    members = StaffUser.objects.filter(
        is_active=True, memberships__tenant=case.host.tenant_id, memberships__role__in=roles
    )
    if case.barred_id:
        members = members.exclude(pk=case.barred_id)
    return members.order_by("username")


def take_next(staff: StaffUser, waiting: CaseQuerySet) -> Case | None:
    """The first of these cases that is open and that nobody else is about to take; None when there
    is none. Two who ask at once get two."""
    not_barred = Q(barred__isnull=True) | ~Q(barred=staff)
    with transaction.atomic():
        found = waiting.filter(not_barred, state=State.OPEN).order_by("priority", "due_at", "id")
        case = found.select_for_update(skip_locked=True, no_key=True, of=("self",)).first()
        return take(staff, case) if case else None


def release(staff: StaffUser, case: Case) -> Case:
    """Put a case back for whoever asks next. Raises NotAllowed, CaseMoved."""
    with _locked(staff, case, Deed.CASES_ASSIGN) as row:
        _move(row, State.OPEN, assignee=None, waiting_until=None)
        tell(row, Event.RELEASED, staff)
    return row


def let_go(tenant_id: int, staff: StaffUser) -> None:
    """Put back all cases of somebody who does not work on them any more, in the caller's
    transaction; what waits goes on waiting."""
    hosts = Host.objects.filter(tenant=tenant_id)
    own = Case.objects.unclosed().filter(host__in=hosts, assignee=staff).order_by("pk")
    ids = list(own.select_for_update(no_key=True).values_list("pk", flat=True))
    opened = When(state=State.ASSIGNED, then=Value(State.OPEN))
    state = DbCase(opened, default=F("state"), output_field=TextField())
    Case.objects.filter(pk__in=ids).update(state=state, assignee=None)
    released = (CaseEvent(case_id=pk, kind=Event.RELEASED) for pk in ids)
    CaseEvent.objects.bulk_create(released, batch_size=_EVENTS_AT_ONCE)


def escalate(staff: StaffUser, case: Case, text: str) -> Case:
    """Leave a case to somebody with more say. Raises NotAllowed, CaseMoved, NoteNeeded."""
    with _locked(staff, case, Deed.CASES_ASSIGN) as row:
        _move(row, State.ESCALATED, assignee=None, waiting_until=None)
        tell(row, Event.ESCALATED, staff, _words(text))
    return row


def wait(staff: StaffUser, case: Case, until: datetime, text: str = "") -> Case:
    """Set a case aside until a moment, or until somebody takes it. Raises NotAllowed, CaseMoved,
    WaitTooLong."""
    with _locked(staff, case, Deed.CASES_ASSIGN) as row:
        if until > timezone.now() + deadlines.waits_max(row.kind):
            raise WaitTooLong
        due_at = max(row.due_at, until)
        _move(row, State.WAITING, waiting_until=until, due_at=due_at)
        tell(row, Event.WAITING, staff, text.strip()[:NOTE_MAX_CHARS])
    return row


def note(staff: StaffUser, case: Case, text: str) -> CaseEvent:
    """Write down something for other staff, on a closed case, too. Raises NotAllowed,
    NoteNeeded."""
    permissions.require(staff, Deed.CASES_NOTE, case.host.tenant_id)
    return tell(case, Event.NOTE, staff, _words(text))


def close(staff: StaffUser, case: Case, resolution: str, reason: str) -> Case:
    """Close a case and all of its reports, on the record.

    Raises NotAllowed, ReasonNeeded, CaseMoved.
    """
    with _locked(staff, case, Deed.CASES_CLOSE) as row:
        reason = _checked(staff, row, reason)
        _check_barred(row, staff)
        _decide(row, resolution)
        row.reports.undecided().update(resolution=resolution)
        said = f"{row.get_resolution_display()}: {reason}"
        tell(row, Event.CLOSED, staff, said)
        _record(staff, row, Action.CASE_CLOSE, f"case {row.pk}, {resolution}: {reason}")
    return row


def close_report(staff: StaffUser, report: Report, resolution: str, reason: str) -> Case:
    """Close one report; with the last one goes its case. Raises as `close` does."""
    assert report.case is not None  # noqa: S101 -- every report has joined one
    with _locked(staff, report.case, Deed.CASES_CLOSE) as row:
        others = row.reports.undecided().exclude(pk=report.pk)
        if not others.exists():
            return close(staff, row, resolution, reason)
        reason = _checked(staff, row, reason)
        if not Report.objects.undecided().filter(pk=report.pk).update(resolution=resolution):
            raise CaseMoved
        said = f"{report.pk}, {Case.Resolution(resolution).label}: {reason}"
        tell(row, Event.REPORT_CLOSED, staff, said)
    return row


def reopen(staff: StaffUser, case: Case, reason: str) -> Case:
    """Open a closed case anew, on the record. Raises NotAllowed, ReasonNeeded, CaseMoved when it is
    not closed, or another one about the subject is open."""
    with _locked(staff, case, Deed.CASES_CLOSE) as row:
        reason = _checked(staff, row, reason)
        if not row.is_closed:
            raise CaseMoved
        due_at = deadlines.due_at(row.host.tenant_id, row.kind)
        anew = {"resolution": "", "closed_at": None, "assignee": None, "due_at": due_at}
        try:
            with transaction.atomic():
                _set(row, State.OPEN, priority=priority(row.kind), **anew)
        except IntegrityError:
            raise CaseMoved from None
        tell(row, Event.REOPENED, staff, reason)
        _record(staff, row, Action.CASE_REOPEN, f"case {row.pk}: {reason}")
    return row


def note_action(staff: StaffUser, case: Case, text: str) -> None:
    """An event for what was done to the subject, in the caller's transaction."""
    tell(case, Event.ACTION, staff, text)


@contextmanager
def _locked(staff: StaffUser, case: Case, deed: Deed) -> Iterator[Case]:
    """The case's row, locked, as it is now. Raises NotAllowed."""
    permissions.require(staff, deed, case.host.tenant_id)
    with transaction.atomic():
        rows = Case.objects.select_related("host").select_for_update(no_key=True, of=("self",))
        yield rows.get(pk=case.pk)


def _checked(staff: StaffUser, row: Case, reason: str) -> str:
    """Raises NotAllowed, ReasonNeeded."""
    is_appeal = row.kind == Case.Kind.APPEAL
    deed = Deed.APPEALS_DECIDE if is_appeal else Deed.CASES_CLOSE
    return permissions.checked(staff, deed, row.host.tenant_id, reason)


def _check_barred(row: Case, staff: StaffUser) -> None:
    if row.barred_id == staff.pk:
        raise NotForWhoDecided


def _move(row: Case, state: Case.State, **changes: object) -> None:
    """A move of a case that is not closed. Raises CaseMoved."""
    if row.is_closed or (row.state != state and not states.may_follow(row.state, state)):
        raise CaseMoved
    _set(row, state, **changes)


def _set(row: Case, state: Case.State, **changes: object) -> None:
    for name, value in {"state": state, **changes}.items():
        setattr(row, name, value)
    row.save(update_fields=["state", *changes])


def _decide(row: Case, resolution: str) -> None:
    decided = {"resolution": resolution, "closed_at": timezone.now(), "waiting_until": None}
    _move(row, State.CLOSED, **decided)


def _words(text: str) -> str:
    if not (words := text.strip()[:NOTE_MAX_CHARS]):
        raise NoteNeeded
    return words


def _record(staff: StaffUser, row: Case, action: AuditEntry.Action, reason: str) -> None:
    audit.record_at_host(staff, row.host, action, reason, did=row.subject_did, record=row.path)
