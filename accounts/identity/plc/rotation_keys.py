"""A DID's rotation keys with one more, or one less.

Source: the did:plc method specification, "Rotation keys": the first has the highest authority. A
new one goes directly above this host's. Those that ranked higher before stay above it: somebody who
got at mailbox and password gets above none of them, and the owner can undo it.
"""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from accounts.identity.plc import control_check
from accounts.models import Account
from protocol.did.plc_data import PlcData
from protocol.did.plc_operation import MAX_ROTATION_KEYS
from protocol.errors import InvalidRequest


class KeyListed(InvalidRequest):
    """400: the DID has that rotation key."""

    field = "did_key"
    message = "The DID lists this rotation key already"
    page_text = _("Your identity lists this key already.")


class KeyNotListed(InvalidRequest):
    """400: the DID has no such rotation key."""

    message = "The DID does not list this rotation key"
    page_text = _("Your identity does not list this key any more.")


class KeyStays(InvalidRequest):
    """400: the host's own rotation key."""

    message = "The host's rotation key stays until the account moves to another host"
    page_text = _("The key of this host stays until you move to another host.")


class TooManyKeys(InvalidRequest):
    """400: more than the directory takes."""

    field = "did_key"
    message = f"A DID has at most {MAX_ROTATION_KEYS} rotation keys"
    page_text = _("There is no room for another key. Remove one first.")


def with_key(account: Account, data: PlcData, did_key: str) -> PlcData:
    """The data with the key above this host's. Raises KeyListed, TooManyKeys, NotOursToChange."""
    keys = list(data.rotation_keys)
    if did_key in keys:
        raise KeyListed
    if len(keys) >= MAX_ROTATION_KEYS:
        raise TooManyKeys
    control_check.check_rotation_key(account, data)
    keys.insert(keys.index(account.host.rotation_did_key), did_key)
    return replace(data, rotation_keys=tuple(keys))


def without_key(account: Account, data: PlcData, did_key: str) -> PlcData:
    """The data without the key. Raises KeyStays, KeyNotListed."""
    if did_key == account.host.rotation_did_key:
        raise KeyStays
    if did_key not in data.rotation_keys:
        raise KeyNotListed
    return replace(data, rotation_keys=tuple(k for k in data.rotation_keys if k != did_key))
