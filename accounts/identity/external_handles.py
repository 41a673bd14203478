"""External handles (people's own domains): verified again now and then, lost after refusals.

Source: atproto.com/specs/handle, "Handle Resolution": a handle is valid while it leads to the DID
and the DID leads to it. Name servers fail, domains move and lapse for a day, so a handle is called
lost only after several refusals over three days; a timeout is none. Its owner keeps it: it is
shown as `handle.invalid` and signs the account in as before, and it comes back by itself.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.identity import resolution
from accounts.identity.handles import allocation
from accounts.models import Account, CustomHandle
from accounts.signals import handle_changed
from hosting.models import Host

CHECKED_EVERY = timedelta(hours=24)
CHECKED_AGAIN_AFTER = timedelta(hours=4)  # a refusal, or a timeout
LOST_AFTER = timedelta(days=3)
LOST_AFTER_REFUSALS = 6
SWEEP_BATCH = 50  # questions of seconds each, one after the other
TIMEOUTS_MAX = 5
_LEASE = timedelta(minutes=30)


def track(account: Account) -> None:
    """Begin to look after the account's handle, just proven, if it is of another domain; in the
    transaction that gave it."""
    CustomHandle.objects.filter(account=account).delete()
    if account.handle and not allocation.is_own(account.host, account.handle):
        next_check_at = timezone.now() + CHECKED_EVERY
        CustomHandle.objects.create(account=account, next_check_at=next_check_at)


def shown(account: Account) -> str | None:
    """The handle that the account shows: None when it has none, or when its proof is gone.

    One query, unless `custom_handle` was selected with the account.
    """
    try:
        is_lost = account.custom_handle.lost_at is not None
    except CustomHandle.DoesNotExist:
        return account.handle
    return None if is_lost else account.handle


def check_now(host: Host, did: str) -> None:
    """Ask for an account's handle now, if it is one of another domain: its owner may have mended
    it."""
    found = CustomHandle.objects.filter(account__host=host, account__did=did)
    for account_id in found.values_list("pk", flat=True):
        check(account_id)


def check_due() -> None:
    """The sweep: ask for the handles whose time has come, no two workers for the same one. When
    nobody answers several times in a row, our own name servers are away: the rest can wait."""
    timeouts = 0
    due = CustomHandle.objects.filter(next_check_at__lte=timezone.now())
    for account_id in due.order_by("next_check_at").values_list("pk", flat=True)[:SWEEP_BATCH]:
        claimed = CustomHandle.objects.filter(pk=account_id, next_check_at__lte=timezone.now())
        if claimed.update(next_check_at=timezone.now() + _LEASE):
            timeouts = 0 if check(account_id) else timeouts + 1
        if timeouts == TIMEOUTS_MAX:
            return


def check(account_id: int) -> bool:
    """Ask for one handle, outside of any transaction, and write down what came of it; False when
    nobody answered."""
    account = Account.objects.filter(pk=account_id).first()
    if account is None or account.handle is None:
        return True
    try:
        did = resolution.ask_for_handle(account.handle)
    except resolution.NetworkUnavailable:
        later = timezone.now() + CHECKED_AGAIN_AFTER
        CustomHandle.objects.filter(pk=account_id).update(next_check_at=later)
        return False
    _store(account, is_proven=did == account.did)
    return True


def _store(account: Account, *, is_proven: bool) -> None:
    with transaction.atomic():
        row = (
            CustomHandle.objects.select_for_update(of=("self",))
            .select_related("account__host")
            .filter(pk=account.pk, account__handle=account.handle)  # it may have changed meanwhile
            .first()
        )
        if row is None:
            return
        was_lost = row.lost_at is not None
        now = timezone.now()
        if is_proven:
            _found(row, now)
        else:
            _refused(row, now)
        row.save()
        if was_lost != (row.lost_at is not None):
            handle_changed.send(sender=Account, account=row.account)


def _found(row: CustomHandle, now: datetime) -> None:
    row.failing_since = row.lost_at = None
    row.failure_count = 0
    row.next_check_at = now + CHECKED_EVERY


def _refused(row: CustomHandle, now: datetime) -> None:
    row.failing_since = row.failing_since or now
    row.failure_count += 1
    row.next_check_at = now + CHECKED_AGAIN_AFTER
    is_long_ago = now - row.failing_since >= LOST_AFTER
    if is_long_ago and row.failure_count >= LOST_AFTER_REFUSALS:
        row.lost_at = row.lost_at or now
