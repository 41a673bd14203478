"""Bulk actions: one action of the table on many cases, done by a worker.

What is done to a case, its audit entry and the row that says so are one transaction: a worker that
is killed at any moment leaves each case done or not done, and the next one goes on.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hosting.models import StaffUser, Tenant
from moderation import permissions
from moderation.desk.actions import table, taking
from moderation.models import BulkAction, BulkItem, Case, CaseQuerySet
from moderation.permissions import Deed
from protocol.errors import InvalidRequest, XrpcError
from server.jobs.back_off import pause_after
from server.jobs.queue import Queue
from server.jobs.renewal import renewed

CASES_MAX: Final = 1_000  # of one bulk action
OPEN_MAX: Final = 5  # of a tenant
MAX_ATTEMPTS: Final = 20
LEASE: Final = timedelta(seconds=30)
RENEWED_EVERY_S: Final = 5.0
_FIRST_PAUSE: Final = timedelta(seconds=10)
_LONGEST_PAUSE: Final = timedelta(minutes=10)


class TooManyCases(InvalidRequest):
    """400: more cases than one bulk action may have, or none."""

    message = f"A bulk action takes one case to {CASES_MAX}"
    page_text = _("Choose at least one case, and at most 1,000.")


class TooManyBulkActions(InvalidRequest):
    """400: the tenant has as many under way as it may."""

    message = f"At most {OPEN_MAX} bulk actions of a tenant are under way at a time"
    page_text = _("Too many bulk actions are under way. Wait until one is done.")


def start(
    staff: StaffUser, tenant: Tenant, cases: CaseQuerySet, action: str, given: Mapping[str, Any]
) -> BulkAction:
    """Have a worker take an action about these cases of one tenant, as they are now.

    Raises NotAllowed, ReasonNeeded, UnknownAction, TooManyCases, TooManyBulkActions.
    """
    wanted = table.named(action)
    if wanted.asks_network:  # each case is one transaction
        raise table.UnknownAction
    permissions.require(staff, Deed.CASES_BULK, tenant.pk)
    permissions.checked(staff, wanted.deed, tenant.pk, str(given.get("reason", "")))
    of_tenant = cases.filter(host__tenant=tenant).order_by()
    ids = list(of_tenant.values_list("pk", flat=True)[: CASES_MAX + 1])
    if not 1 <= len(ids) <= CASES_MAX:
        raise TooManyCases
    with transaction.atomic():
        Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)  # one counts at a time
        if BulkAction.objects.open().filter(tenant=tenant).count() >= OPEN_MAX:
            raise TooManyBulkActions
        bulk = BulkAction.objects.create(
            tenant=tenant, staff=staff, action=action, given=dict(given), item_count=len(ids)
        )
        BulkItem.objects.bulk_create(BulkItem(bulk=bulk, case_id=pk) for pk in ids)
        transaction.on_commit(partial(queue.wake, bulk.pk))
    return bulk


def run(bulk_id: int) -> None:
    """Go on with a bulk action, when it is due. Safe to repeat and to run in two places."""
    bulk = BulkAction.objects.claim(bulk_id, LEASE)
    if bulk is None:
        return
    try:
        with renewed(bulk, LEASE, RENEWED_EVERY_S):
            for item_id in _pending(bulk):
                if not _is_wanted(bulk):
                    return
                _do(bulk, item_id)
    except OSError as fault:
        pause = pause_after(bulk.attempts, _FIRST_PAUSE, _LONGEST_PAUSE)
        bulk.postpone(timezone.now() + pause, str(fault))
        return
    bulk.finish(BulkAction.State.DONE)


queue: Final = Queue(BulkAction, "moderation.run_bulk_action", run, is_for_workers=True)


def sweep() -> None:
    """Wake what is due, give up what is hopeless."""
    hopeless = BulkAction.objects.due().filter(attempts__gte=MAX_ATTEMPTS)
    hopeless.decide(BulkAction.State.STOPPED)
    queue.sweep()


def stop(staff: StaffUser, bulk: BulkAction) -> bool:
    """Leave alone what is not done yet; whether there was anything to stop. Raises NotAllowed."""
    permissions.require(staff, Deed.CASES_BULK, bulk.tenant_id)
    return bool(BulkAction.objects.filter(pk=bulk.pk).decide(BulkAction.State.STOPPED))


def progress(bulk: BulkAction) -> dict[str, int]:
    """How many of its cases are pending, done and failed."""
    states = {str(state): 0 for state in BulkItem.State}
    for state in states:
        states[state] = bulk.items.filter(state=state).count()
    return states


def _is_wanted(bulk: BulkAction) -> bool:
    """Whether nobody stopped it, and whose it is still works here."""
    rows = BulkAction.objects.open().filter(pk=bulk.pk)
    if StaffUser.objects.filter(pk=bulk.staff_id, is_active=True).exists():
        return rows.exists()
    rows.decide(BulkAction.State.STOPPED)
    return False


def _pending(bulk: BulkAction) -> Collection[int]:
    pending = bulk.items.filter(state=BulkItem.State.PENDING).order_by("id")
    return list(pending.values_list("pk", flat=True))


def _do(bulk: BulkAction, item_id: int) -> None:
    """One case, once: whoever comes second finds the row decided."""
    with transaction.atomic():
        item = BulkItem.objects.select_for_update(no_key=True).get(pk=item_id)
        if item.state != BulkItem.State.PENDING:
            return
        item.state, item.said = _outcome(bulk, item.case_id)
        item.save(update_fields=["state", "said"])


def _outcome(bulk: BulkAction, case_id: int) -> tuple[BulkItem.State, str]:
    case = Case.objects.select_related("host").get(pk=case_id, host__tenant=bulk.tenant_id)
    try:
        with transaction.atomic():
            taking.act(bulk.staff, case, bulk.action, table.Given.of(bulk.given))
    except XrpcError as refusal:
        return BulkItem.State.FAILED, str(refusal.for_page())
    return BulkItem.State.DONE, ""
