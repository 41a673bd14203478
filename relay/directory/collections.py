"""Which repos have records in a collection: com.atproto.sync.listReposByCollection.

Our own hosts' from the table of records (repos.reads.with_collection), outside ones from what the
relay heard (relay.directory.hearing). Accounts that are not active, here or there, are left out.
"""

from typing import Final

from django.db.models import QuerySet

from relay.directory.repos import INSIDE, OUTSIDE, place
from relay.models import RelayAccount, RelayCollection, RelayHost
from repos.reads import with_collection

_ACTIVE: Final = RelayAccount.Status.ACTIVE


def list_dids(collection: str, limit: int, cursor: str | None) -> tuple[list[str], str | None]:
    """A page of DIDs, and where the next begins; None after the last. A page may be short, also
    empty, before the end. Raises InvalidRequest."""
    part, after = place(cursor)
    if part == INSIDE:
        found, place_after = with_collection.list_dids(_inside_ids(), collection, limit, after)
        found = _passed_on(found)
        return found, f"{OUTSIDE}0" if place_after is None else f"{INSIDE}{place_after}"
    rows = list(_outside(collection, after)[:limit])
    cursor = f"{OUTSIDE}{rows[-1][0]}" if len(rows) == limit else None
    return [did for _, did in rows], cursor


def _inside_ids() -> list[int]:
    hosts = RelayHost.objects.filter(inside_id__isnull=False).exclude(
        status=RelayHost.Status.BANNED
    )
    return [key for key in hosts.values_list("inside_id", flat=True) if key is not None]


def _passed_on(dids: list[str]) -> list[str]:
    """Without those that the relay took down, or that live at an outside host by now."""
    others = RelayAccount.objects.filter(did__in=dids)
    left_out = set(others.filter(taken_down_at__isnull=False).values_list("did", flat=True))
    left_out |= set(others.filter(host__inside_id__isnull=True).values_list("did", flat=True))
    return [did for did in dids if did not in left_out]


def _outside(collection: str, after: int) -> QuerySet[RelayCollection, tuple[int, str]]:
    """Ids and DIDs of active accounts of outside hosts, by id."""
    account = {
        "account__host_status": _ACTIVE,
        "account__is_throttled": False,
        "account__taken_down_at__isnull": True,
        "account__host__inside_id__isnull": True,
    }
    found = RelayCollection.objects.filter(collection=collection, account_id__gt=after, **account)
    found = found.exclude(account__host__status=RelayHost.Status.BANNED)
    return found.order_by("account_id").values_list("account_id", "account__did")
