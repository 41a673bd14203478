"""The rows of a new account: pending until the directory holds its DID.

Account, signing key, the signed genesis operation and the use of an invite code are one
transaction; unique constraints decide races. Shared by `sign_up` and by held sign-ups that staff
approve (`approval_queue`).
"""

from datetime import timedelta

from django.db import IntegrityError

from accounts.authentication.credential_rules import EmailTaken
from accounts.identity.handles import allocation
from accounts.identity.handles.allocation import HandleTaken
from accounts.identity.keys import signing_keys
from accounts.invites import codes
from accounts.models import Account, PlcOperation
from accounts.signup.account_quota import check_room
from accounts.signup.rules import Admitted
from hosting.models import Host
from protocol.did import plc
from protocol.keys import SigningKey
from server.database import model_rows


def write(
    host: Host, wanted: Admitted, password: str, lease: timedelta | None = None
) -> PlcOperation:
    """Write a pending sign-up, in the caller's transaction; `password` is hashed already. With a
    `lease` the caller makes the first attempt at the operation.

    Raises HandleTaken, QuotaExceeded, InvalidInviteCode, and IntegrityError, which `lost_race`
    explains.
    """
    allocation.lock(wanted.handle)
    if allocation.is_taken(wanted.handle):
        raise HandleTaken(wanted.handle)
    check_room(host)
    signing_key = SigningKey.generate()
    operation = _genesis(host, wanted, signing_key.did_key)
    signing_keys.store(signing_key, host, plc.did_of(operation))
    account = model_rows.insert(
        Account(
            host=host,
            did=plc.did_of(operation),
            handle=wanted.handle,
            email=wanted.email,
            password=password,
            signing_did_key=signing_key.did_key,
        )
    )
    if host.has_invites_required and wanted.invite_code:
        codes.spend(host, wanted.invite_code, account.did)
    job = PlcOperation(
        did=account.did,
        account=account,
        kind=PlcOperation.Kind.GENESIS,
        operation=operation,
        cid=plc.cid_of(operation),
    )
    return model_rows.insert(job if lease is None else job.claimed(lease))


def recovery_keys(host: Host, wanted: Admitted) -> list[str]:
    """The user's own key ranks first; our own again would be a duplicate, which did:plc refuses."""
    own = wanted.recovery_key
    return [own] if own and own != host.rotation_did_key else []


def lost_race(error: IntegrityError, wanted: Admitted) -> Exception:
    """What the loser of a race is told; any other broken constraint stays what it is."""
    constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    if constraint == "account_handle_is_unique":
        return HandleTaken(wanted.handle)
    if constraint == "account_email_is_unique_a_host":
        return EmailTaken(wanted.email)
    return error


def _genesis(host: Host, wanted: Admitted, signing_did_key: str) -> plc.Operation:
    rotation_keys = [*recovery_keys(host, wanted), host.rotation_did_key]
    genesis = plc.genesis(rotation_keys, signing_did_key, wanted.handle, host.origin)
    return plc.sign(genesis, signing_keys.rotation_key(host))
