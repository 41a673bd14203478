"""Refreshes what we know of our accounts' DIDs, now and then.

An owner may change the DID past us, straight at the directory or in a did:web's own document. Each
DID is looked at once a day at the most, the longest unseen first, a bounded number a minute.
Accounts on their way in have a look of their own
(`accounts.lifecycle.account_migration.did_polling`).
"""

from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone

from accounts.identity import published_dids, resolution
from accounts.identity.plc import client
from accounts.models import Account
from protocol.did import plc
from protocol.did.plc_data import PlcData
from server.jobs import worker_tasks

AGAIN_AFTER = timedelta(days=1)
_BATCH = 50  # a minute, one after the other
_TIMEOUTS_MAX = 5
_ENDED = PlcData((), {}, (), {})  # what a tombstone says


def refresh(did: str) -> bool:
    """Ask what a DID says and take note of it, outside of any transaction; False when nobody
    answered."""
    try:
        if did.startswith("did:plc:"):
            ask_directory(did)
        else:
            resolution.resolve_did(did, fresh=True)  # which takes note
    except (client.Unsettled, resolution.NetworkUnavailable):
        return False
    except resolution.UnresolvedDid:
        return True  # nobody's, or unusable: it names no other host
    return True


def ask_directory(did: str) -> tuple[plc.Operation | None, PlcData | None]:
    """The newest operation of a did:plc, and what it says (None for a tombstone), from the
    directory itself, and take note of it. Call it outside of any transaction.

    (None, None): a directory that lost it, or has not got it yet. Raises `client.Unsettled`.
    """
    begun_at = timezone.now()
    newest = client.newest(did)
    if newest is None:
        return None, None
    data = plc.data_of(newest)
    published = published_dids.of_plc(did, data or _ENDED)
    published_dids.note(published, seen_at=begun_at)
    if data is not None:
        resolution.remember_document(did, dict(published.document.json))
    return newest, data


def wake(did: str, in_s: int = 0) -> None:
    """Have a worker look so many seconds from now; without a broker the sweep does it in its
    time."""
    worker_tasks.send("accounts.tasks.refresh_did", did, in_s=in_s)


def refresh_due() -> None:
    """The sweep. When several in a row do not answer, the rest can wait."""
    timeouts = 0
    long_ago = timezone.now() - AGAIN_AFTER
    is_due = Q(did_looked_at__isnull=True) | Q(did_looked_at__lt=long_ago)
    longest_unseen = F("did_looked_at").asc(nulls_first=True)
    due = Account.objects.open().filter(is_due).order_by(longest_unseen)
    for account_id, did in list(due.values_list("pk", "did")[:_BATCH]):
        claimed = Account.objects.filter(is_due, pk=account_id).update(did_looked_at=timezone.now())
        if claimed:
            timeouts = 0 if refresh(did) else timeouts + 1
        if timeouts == _TIMEOUTS_MAX:
            return
