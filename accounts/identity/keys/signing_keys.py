"""Repo signing keys: made here, stored wrapped, handed out unwrapped from a small cache.

A key belongs to one DID at one host, and nobody else's repo or token is signed with it: the public
half stands in DID documents for all to read, so its name proves nothing. Postgres holds the same
rule (`account_signs_with_its_own_key`). The host's rotation key is another key on purpose: a repo
signing key must never be able to change the DID (protocol: did:plc, "rotationKeys").
"""

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Account, ReservedKey
from accounts.models import SigningKey as StoredKey
from hosting.models import Host
from protocol.keys import PublicKey, SigningKey
from server.cache.eviction import make_room
from server.database import model_rows
from server.encryption import keyring

MAX_KNOWN = 4_096  # what signing_key remembers
_known: dict[tuple[str, str], SigningKey] = {}


def new_signing_key(host: Host, did: str) -> SigningKey:
    """Make a k256 key and store it for a DID at a host. Call inside the transaction of the row that
    will name it."""
    key = SigningKey.generate()
    store(key, host, did)
    return key


def store(key: SigningKey, host: Host, did: str) -> None:
    """Keep a key for its only owner; `did` is empty for one that is reserved for nobody yet."""
    wrapped = keyring.wrap(key.secret)
    model_rows.insert(StoredKey(did_key=key.did_key, host=host, did=did, wrapped=wrapped))
    if did:  # the first commit of its repo is about to be signed
        _remember(key, did)


def signing_key(did_key: str, did: str) -> SigningKey:
    """The private half of a DID's own key. Raises `StoredKey.DoesNotExist` for anybody else's."""
    key = known_signing_key(did_key, did)
    if key is None:
        stored = StoredKey.objects.get(pk=did_key, did=did)
        curve = PublicKey.from_did_key(did_key).curve
        key = SigningKey.load(curve, keyring.unwrap(bytes(stored.wrapped)))
        _remember(key, did)
    return key


def _remember(key: SigningKey, did: str) -> None:
    make_room(_known, MAX_KNOWN)
    _known[key.did_key, did] = key


def known_signing_key(did_key: str, did: str) -> SigningKey | None:
    """The same, if this process has had it before: nobody is asked."""
    return _known.get((did_key, did))


def is_owned_by(account: Account, did_key: str) -> bool:
    """Whether the key was made here for this account: at its host and for its DID."""
    owned = StoredKey.objects.filter(pk=did_key, host_id=account.host_id, did=account.did)
    return owned.exists()


def forget(host_id: int, did: str) -> None:
    """Delete the keys of an account that is gone; what is reserved for its return stays."""
    is_reserved = Exists(ReservedKey.objects.filter(key=OuterRef("pk")))
    discard(StoredKey.objects.filter(host_id=host_id, did=did).exclude(is_reserved))


def discard(keys: QuerySet[StoredKey]) -> None:
    """Delete those of the keys that no account signs with."""
    is_in_use = Exists(Account.objects.filter(signing_did_key=OuterRef("pk")))
    keys.exclude(is_in_use).delete()


def rotation_key(host: Host) -> SigningKey:
    """The host's own did:plc rotation key. Not cached: it signs rarely and can do most harm."""
    return SigningKey.load("k256", keyring.unwrap(bytes(host.rotation_key)))
