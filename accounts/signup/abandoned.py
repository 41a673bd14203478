"""Abandoned sign-ups: those that the directory never decided, taken back after half an hour.

A directory that was silent may still have accepted the DID. So a withdrawn genesis leaves a signed
tombstone behind, which is handed in as soon as the directory turns out to hold the DID, and only
then; we tombstone no DID that this sign-up did not create.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.identity.keys import signing_keys
from accounts.identity.plc.submit import drop_pending_account, lease
from accounts.models import PlcOperation
from protocol.did import plc
from protocol.keys import SigningKey
from server.jobs.leased_job import LeasedJobQuerySet

GENESIS_WAITS = timedelta(minutes=30)
TOMBSTONE_WAITS = timedelta(hours=24)  # a directory that has not shown the DID by then never will


def withdraw_stale() -> None:
    """The sweep: withdraw sign-ups that waited too long, and tombstones that found nothing."""
    stale = _waiting(PlcOperation.Kind.GENESIS, GENESIS_WAITS)
    for operation_id in list(stale.values_list("pk", flat=True)):
        _withdraw_sign_up(operation_id)
    _waiting(PlcOperation.Kind.TOMBSTONE, TOMBSTONE_WAITS).decide(PlcOperation.State.WITHDRAWN)


def _waiting(kind: PlcOperation.Kind, longer_than: timedelta) -> LeasedJobQuerySet[PlcOperation]:
    before = timezone.now() - longer_than
    return PlcOperation.objects.open().filter(kind=kind, created_at__lt=before)


def _withdraw_sign_up(operation_id: int) -> None:
    one = PlcOperation.objects.filter(pk=operation_id)
    with transaction.atomic():
        locked = one.open().select_for_update(of=("self",)).select_related("account__host")
        genesis = locked.first()
        if genesis is None or genesis.account is None:
            return
        _leave_tombstone(genesis, signing_keys.rotation_key(genesis.account.host))
        one.decide(PlcOperation.State.WITHDRAWN)
        drop_pending_account(genesis.account)


def _leave_tombstone(genesis: PlcOperation, rotation_key: SigningKey) -> None:
    """Due when an attempt at the genesis that is still under way must have ended."""
    operation = plc.sign(plc.tombstone(prev=genesis.cid), rotation_key)
    PlcOperation.objects.create(
        did=genesis.did,
        kind=PlcOperation.Kind.TOMBSTONE,
        operation=operation,
        cid=plc.cid_of(operation),
        next_attempt_at=timezone.now() + lease(),
    )
