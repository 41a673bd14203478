"""Reserved signing keys: made before their account, for a DID that names one first.

Source: com.atproto.server.reserveSigningKey. Anybody may ask, so what nobody came for is thrown
away after a month.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.identity.keys import signing_keys
from accounts.models import ReservedKey, SigningKey
from hosting.models import Host
from server.database import connection

KEPT = timedelta(days=30)  # a move from a provider that is gone can take its time
_SWEEP_BATCH = 1000
_RESERVED = "SELECT did_key FROM reserved_key WHERE host_id = %s AND did = %s AND did <> ''"
_RESERVE = """
    INSERT INTO reserved_key (host_id, did, did_key, created_at) VALUES (%s, %s, %s, now())
    ON CONFLICT (host_id, did) WHERE did <> '' DO NOTHING RETURNING id
"""


def reserve(host: Host, did: str = "") -> str:
    """The did:key kept for a DID that will move to the host, the same one each time; without a DID
    a new one each time."""
    if did and (found := connection.row(_RESERVED, (host.pk, did))) is not None:
        return str(found[0])
    with transaction.atomic():
        key = signing_keys.new_signing_key(host, did)
        if connection.row(_RESERVE, (host.pk, did, key.did_key)) is not None:
            return key.did_key
        # Of two that ask at once, one made the key and both get it.
        SigningKey.objects.filter(pk=key.did_key).delete()
        return str(ReservedKey.objects.get(host=host, did=did).key_id)


def take(host: Host, did: str) -> str:
    """The did:key for a new account of this DID: the reserved one, else a new one.

    Call inside the transaction of the row that will name it.
    """
    reserved = ReservedKey.objects.select_for_update().filter(host=host, did=did).first()
    if not did or reserved is None:
        return signing_keys.new_signing_key(host, did).did_key
    reserved.delete()
    return str(reserved.key_id)


def is_free(host: Host, did_key: str) -> bool:
    """Whether the key was reserved at this host for nobody in particular."""
    return ReservedKey.objects.filter(host=host, key_id=did_key, did="").exists()


def claim(host: Host, did: str, did_key: str) -> bool:
    """Make a reserved key the DID's own, in the caller's transaction; False when it was reserved
    for somebody else, or is gone. One that the DID owns without a reservation is its own already.
    """
    reserved = ReservedKey.objects.filter(host=host, key_id=did_key, did__in=["", did])
    reserved.delete()
    unowned = SigningKey.objects.filter(pk=did_key, host=host, did="")
    unowned.filter(reservedkey__isnull=True).update(did=did)
    return SigningKey.objects.filter(pk=did_key, host=host, did=did).exists()


def forget_stale() -> None:
    """The sweep: reservations that nobody came for, and their keys."""
    long_ago = timezone.now() - KEPT
    with transaction.atomic():
        stale = ReservedKey.objects.select_for_update(skip_locked=True).filter(
            created_at__lt=long_ago
        )
        keys_of_them = list(stale.values_list("key_id", flat=True)[:_SWEEP_BATCH])
        ReservedKey.objects.filter(key__in=keys_of_them).delete()
        signing_keys.discard(SigningKey.objects.filter(pk__in=keys_of_them))
