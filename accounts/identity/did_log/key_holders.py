"""Whose the rotation keys of a did:plc are, as far as anybody can tell.

A key says nothing of its holder. Ours we know, and those that the owner named; of any other the
log tells with which operation it came, and to which host that operation pointed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accounts.identity import published_dids
from accounts.identity.did_log import history
from accounts.models import Account, RecoveryKey
from protocol.did import plc
from protocol.did.plc import LogEntry


class Holder(StrEnum):
    """Who holds a rotation key."""

    THIS_HOST = "this_host"
    OWNER = "owner"  # they said so
    SIGN_UP = "sign_up"  # it came with the account and is not ours: the recovery key given then
    OTHER_HOST = "other_host"  # it came when the account lived there
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class HeldKey:
    """A rotation key, its rank (1 is the highest) and its holder. `host` is the address of the host
    that it came with; `since`: when, where the log still says so."""

    did_key: str
    rank: int
    holder: Holder
    host: str = ""
    since: datetime | None = None
    kept: RecoveryKey | None = None

    @property
    def is_removable(self) -> bool:
        """Ours stays: without it this host could change nothing any more."""
        return self.holder != Holder.THIS_HOST


def held_keys(account: Account, entries: Sequence[LogEntry]) -> list[HeldKey]:
    """The rotation keys that the newest operation lists, the highest authority first."""
    valid = plc.Log(account.did, entries).not_nullified
    data = plc.data_of(valid[-1].operation) if valid else None
    if data is None:
        return []
    named = {key.did_key: key for key in RecoveryKey.objects.filter(account=account)}
    return [
        _held(account, valid, did_key, rank, named.get(did_key))
        for rank, did_key in enumerate(data.rotation_keys, start=1)
    ]


def _held(
    account: Account,
    valid: Sequence[LogEntry],
    did_key: str,
    rank: int,
    named: RecoveryKey | None,
) -> HeldKey:
    first = _first_with(valid, did_key)
    data = plc.data_of(first.operation) if first is not None else None
    since = first.created_at if first is not None else None
    host = history.host_of(data) if data is not None else ""
    if did_key == account.host.rotation_did_key:
        return HeldKey(did_key, rank, Holder.THIS_HOST, host, since)
    if named is not None:
        return HeldKey(did_key, rank, Holder.OWNER, host, since, named)
    if first is None:
        return HeldKey(did_key, rank, Holder.UNKNOWN)
    if not published_dids.names(account, host):
        return HeldKey(did_key, rank, Holder.OTHER_HOST, host, since)
    is_genesis = first.operation["prev"] is None
    return HeldKey(did_key, rank, Holder.SIGN_UP if is_genesis else Holder.UNKNOWN, host, since)


def _first_with(valid: Sequence[LogEntry], did_key: str) -> LogEntry | None:
    """The operation with which the key came to stay; None when that one is not kept any more."""
    first = None
    for entry in reversed(valid):
        data = plc.data_of(entry.operation)
        if data is None or did_key not in data.rotation_keys:
            return first
        first = entry
    return first if first is not None and first.operation["prev"] is None else None
