"""Recovery keys added, proven and removed by the account's owner.

What the owner calls a key, and that it signed for us, is a row of ours. It stays, whatever becomes
of the key: whether that may rule the DID, the directory's log says, which an operation changes
(accounts.identity.plc.host_operations), with a mailed code.
"""

from django.utils import timezone

from accounts.identity.did_log import directory
from accounts.identity.did_log.key_holders import Holder, held_keys
from accounts.identity.plc import host_operations, rotation_keys
from accounts.identity.recovery_keys import possession
from accounts.models import Account, PlcOperation, RecoveryKey
from protocol.did.plc_data import PlcData
from protocol.errors import InvalidRequest

NAME_MAX_CHARACTERS = 64
_OWNERS = (Holder.OWNER, Holder.SIGN_UP, Holder.UNKNOWN)


def add(account: Account, code: str, did_key: str, *, name: str = "", is_proven: bool) -> bool:
    """Place a key above this host's. `is_proven`: it has signed a challenge of ours. Returns as
    `host_operations.publish` does.

    Call it outside of any transaction. Raises NoRotationKey, KeyListed, TooManyKeys, and what
    `host_operations.publish` does.
    """
    key = possession.checked_key(did_key)

    def changed(data: PlcData) -> PlcData:
        return rotation_keys.with_key(account, data, key)

    def keep(locked: Account) -> None:
        proven_at = timezone.now() if is_proven else None
        kept = {"name": name[:NAME_MAX_CHARACTERS], "proven_at": proven_at}
        RecoveryKey.objects.update_or_create(account=locked, did_key=key, defaults=kept)

    return host_operations.publish(account, code, changed, keep, added_rotation_key=key)


def remove(account: Account, code: str, did_key: str) -> bool:
    """Take a rotation key away, whoever holds it; this host's stays. Returns as
    `host_operations.publish` does.

    Call it outside of any transaction. Raises KeyStays, KeyNotListed, and what
    `host_operations.publish` does.
    """

    def changed(data: PlcData) -> PlcData:
        return rotation_keys.without_key(account, data, did_key)

    return host_operations.publish(account, code, changed, removed_rotation_key=did_key)


def note_proof(account: Account, did_key: str) -> None:
    """The key has just signed a challenge of ours: it is the owner's, and works."""
    kept = {"proven_at": timezone.now()}
    RecoveryKey.objects.update_or_create(account=account, did_key=did_key, defaults=kept)


def is_without_recovery_key(account: Account) -> bool:
    """Whether a did:plc lists no key of its owner's, as far as is known here (`held_keys`): nor is
    one on its way to the directory. Keys that came with another host may be that host's."""
    if not account.did.startswith("did:plc:") or account.has_rotation_key is False:
        return False
    held = held_keys(account, directory.last_known(account))
    if any(key.holder in _OWNERS for key in held):
        return False
    adding = PlcOperation.objects.open().filter(account=account).exclude(added_rotation_key="")
    return not adding.exists()


def owned(account: Account, did_key: str) -> RecoveryKey:
    """A key that the owner named here and that the DID lists, as far as is known here. Raises
    InvalidRequest for any other."""
    for key in held_keys(account, directory.last_known(account)):
        if key.did_key == did_key and key.kept is not None:
            return key.kept
    raise InvalidRequest("No such recovery key")
