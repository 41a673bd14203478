"""Actions on cases: which are offered (moderation.desk.actions.table), and the way to take one.

An action locks the case, acts, leaves an event and may close the case, all in one transaction, so
that it is done once however often it is tried.
"""

from dataclasses import replace

from django.db import transaction

from hosting.models import StaffUser
from moderation import permissions
from moderation.desk import moves
from moderation.desk.actions.table import TABLE, CaseAction, Given, UnknownAction, named
from moderation.desk.moves import CaseMoved
from moderation.desk.subjects.facts import Facts, facts
from moderation.models import Case


def offered(staff: StaffUser, known: Facts) -> list[CaseAction]:
    """The actions that this member of staff may take about a case as it is now."""
    deeds = permissions.deeds_of(staff, known.case.host.tenant_id)
    if known.case.is_closed:
        return []
    found = [each for each in TABLE.values() if each.deed in deeds and each.is_offered(known)]
    return [_with_key(each, known) for each in found]


def for_many(staff: StaffUser, tenant_id: int) -> list[CaseAction]:
    """The actions that this member of staff may take about many cases at once."""
    deeds = permissions.deeds_of(staff, tenant_id)
    return [each for each in TABLE.values() if each.deed in deeds and not each.asks_network]


def act(staff: StaffUser, case: Case, name: str, given: Given) -> Case:
    """Take an action about a case, all of it or nothing; call one that asks the network outside of
    any transaction.

    Raises UnknownAction, NotAllowed, ReasonNeeded, CaseMoved, and what the verb raises.
    """
    action = named(name)
    permissions.checked(staff, action.deed, case.host.tenant_id, given.reason)
    if action.asks_network and action.does is not None:
        action.does(staff, _checked(case, action), given)
        return _noted(staff, case, replace(action, does=None), given, was_done=True)
    return _noted(staff, case, action, given)


def _noted(
    staff: StaffUser, case: Case, action: CaseAction, given: Given, *, was_done: bool = False
) -> Case:
    with transaction.atomic():
        rows = Case.objects.select_related("host").select_for_update(no_key=True, of=("self",))
        row = rows.get(pk=case.pk)
        if action.does is not None:
            action.does(staff, _checked(row, action), given)
        if action.does is not None or was_done:
            moves.note_action(staff, row, _said(action, given))
        row.refresh_from_db()
        if row.is_closed or action.closes is None or given.keeps_open:
            return _still(row, action)
        return moves.close(staff, row, action.closes, given.reason)


def _still(row: Case, action: CaseAction) -> Case:
    """Raises CaseMoved where the action is to close what somebody has closed."""
    if row.is_closed and action.does is None and not action.asks_network:
        raise CaseMoved
    return row


def _checked(row: Case, action: CaseAction) -> Facts:
    """Raises CaseMoved, UnknownAction."""
    known = facts(row)
    if known.case.is_closed:
        raise CaseMoved
    if not action.is_offered(known):
        raise UnknownAction
    return known


def _said(action: CaseAction, given: Given) -> str:
    said = f"{action.title}: {given.reason.strip()}"
    return f"{said} [{given.label}]" if given.label else said


def _with_key(action: CaseAction, known: Facts) -> CaseAction:
    """T takes the account of a record down; where the case is about the account, t does."""
    return replace(action, key="t") if action.key == "T" and not known.case.path else action
