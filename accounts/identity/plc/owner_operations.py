"""PLC operations of owners: signed by us or brought signed, to move away or in, or for own keys.

Source: com.atproto.identity.requestPlcOperationSignature, signPlcOperation, submitPlcOperation,
getRecommendedDidCredentials. Signing takes a code from the owner's mailbox and may say anything,
also that the account lives elsewhere. What is submitted through us must leave the account working
here: five kinds of operation that would not are refused. One without this host's rotation key is
taken from owners who keep those keys to themselves already.

Nothing is signed for who is still on the way in. Their proof was the DID's signing key, which every
host that they lived at has, and a code is mailed to whatever address they gave with it; but the
DID's rotation keys may still name this host from an earlier stay, and rank above signing keys.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction

from accounts.authentication import email_address, email_codes
from accounts.identity import published_dids
from accounts.identity.plc import did_refresh, updates
from accounts.models import Account, AccountMigration, PlcOperation
from protocol import cbor
from protocol.did import plc
from protocol.did.plc_data import PDS_SERVICE, PDS_SERVICE_TYPE, SIGNING_METHOD, PlcData, Service
from protocol.errors import InvalidRequest
from server.jobs.leased_job import LeasedJobQuerySet

PURPOSE = email_codes.Purpose.PLC_OPERATION
_PLC = "did:plc:"
_LOOKS_AFTER_S = (30, 300, 1800)


class UnsafeOperation(InvalidRequest):
    """400: it would cut the account off from this host; the message says how."""


class ImproperOperation(InvalidRequest):
    """400: no operation, or none that the directory takes."""


class CodeRequired(InvalidRequest):
    """400: signing takes a code by mail."""

    message = "email confirmation token required to sign PLC operations"


class NoPlcDid(InvalidRequest):
    """400: the account's DID is not in the PLC directory."""

    message = "Only accounts with a did:plc have PLC operations"


class StillElsewhere(InvalidRequest):
    """400: the DID lives at another host, which has it changed, or its owner's own key does."""

    message = "The DID still points to another PDS; only that PDS can sign PLC operations"


def recommended(account: Account) -> PlcData:
    """What the DID should say for the account to live here; a did:web has no rotation keys."""
    host = account.host
    return PlcData(
        rotation_keys=(host.rotation_did_key,) if account.did.startswith(_PLC) else (),
        verification_methods={SIGNING_METHOD: account.signing_did_key},
        also_known_as=(f"at://{account.handle}",) if account.handle else (),
        services={PDS_SERVICE: Service(PDS_SERVICE_TYPE, host.origin)},
    )


def request_signature(account: Account, language: str | None = None) -> None:
    """Mail the code that `sign` takes. `language` is the reader's; None: the host's own. Raises
    NoPlcDid, StillElsewhere, and what `email_address.check_trusted` does."""
    check_may_sign(account)
    email_address.check_trusted(account)
    email_codes.mail(account, PURPOSE, language)


def code_for_password(account: Account) -> str:
    """The code that `sign` takes, for an owner who has just proved the main password; nothing is
    mailed. Raises NoPlcDid, StillElsewhere."""
    check_may_sign(account)
    return email_codes.issue(account, PURPOSE)


def sign(account: Account, code: str, wanted: Mapping[str, Any]) -> plc.Operation:
    """The DID's next operation, signed by this host: as the newest one but for `wanted` (the fields
    of an operation). It is not handed in.

    The code is used up when all else is well. Call it outside of any transaction. Raises
    CodeRequired, NoPlcDid, StillElsewhere, ImproperOperation, InvalidToken, ExpiredToken,
    `updates.DirectoryUnavailable`, `updates.NotOursToChange`.
    """
    check_code(account, code)
    newest, data = updates.newest(account)
    signed = updates.signed(account, changed(data, wanted), newest)
    assure_valid(signed)
    email_codes.burn(account, PURPOSE, code)
    _expect_departure(account, signed)
    return signed


def submit(account: Account, operation: object) -> None:
    """Hand in an operation that the owner brings, and announce what the DID says then.

    Repeating one that was taken announces it again. Call it outside of any transaction. Raises
    NoPlcDid, ImproperOperation, UnsafeOperation and the errors of `updates.newest` and
    `updates.await_publication`.
    """
    _refuse_other_methods(account)
    checked = assure_valid(operation)
    _refuse_unsafe(account, checked)
    updates.await_publication(_written_down(account, checked))


def check_may_sign(account: Account) -> None:
    """Whether this host may sign for the account at all. Raises NoPlcDid, StillElsewhere."""
    _refuse_other_methods(account)
    _refuse_newcomers(account)


def check_code(account: Account, code: str) -> None:
    """Whether the code that was mailed allows a signature now; it stays good. Raises what
    `check_may_sign` does, CodeRequired, InvalidToken, ExpiredToken."""
    check_may_sign(account)
    if not code:
        raise CodeRequired
    email_codes.check(account, PURPOSE, code)


def _refuse_other_methods(account: Account) -> None:
    if not account.did.startswith(_PLC):
        raise NoPlcDid


def _refuse_newcomers(account: Account) -> None:
    if AccountMigration.objects.before_did_update().filter(account=account).exists():
        raise StillElsewhere


def assure_valid(operation: object) -> plc.Operation:
    """The operation, if the directory may take it. Raises ImproperOperation."""
    try:
        return plc.assure_valid(operation)
    except (plc.PlcError, cbor.CborError) as fault:
        raise ImproperOperation(f"Invalid operation: {fault}") from fault


def _refuse_unsafe(account: Account, operation: plc.Operation) -> None:
    data = plc.data_of(operation)
    if data is None:
        raise ImproperOperation("Invalid operation")
    due = recommended(account)
    service = data.services.get(PDS_SERVICE)
    has_our_key = account.host.rotation_did_key in data.rotation_keys
    if not has_our_key and not _is_controlled_by_owner(account):
        raise UnsafeOperation("Rotation keys do not include server's rotation key")
    if service is None or service.type != PDS_SERVICE_TYPE:
        raise UnsafeOperation("Incorrect type on atproto_pds service")
    if service.endpoint != account.host.origin:
        raise UnsafeOperation("Incorrect endpoint on atproto_pds service")
    if data.verification_methods.get(SIGNING_METHOD) != account.signing_did_key:
        raise UnsafeOperation("Incorrect signing key")
    if due.also_known_as and data.also_known_as[:1] != due.also_known_as:
        raise UnsafeOperation("Incorrect handle in alsoKnownAs")


def _is_controlled_by_owner(account: Account) -> bool:
    """Whether the DID lives here without our rotation key already: nothing is lost then."""
    if AccountMigration.objects.before_did_update().filter(account=account).exists():
        return False
    _, data = updates.newest(account)
    return account.host.rotation_did_key not in data.rotation_keys


def _expect_departure(account: Account, signed: plc.Operation) -> None:
    """Whoever has an operation signed that names another host will hand it in there: look soon."""
    data = plc.data_of(signed)
    service = data.services.get(PDS_SERVICE) if data is not None else None
    if service is not None and not published_dids.names(account, service.endpoint):
        for pause_s in _LOOKS_AFTER_S:
            did_refresh.wake(account.did, pause_s)


def _written_down(account: Account, operation: plc.Operation) -> PlcOperation:
    """The operation's row: the one from before, unless it came to nothing."""
    try:
        with transaction.atomic(durable=True):
            return kept_row(account, operation) or updates.write_down(account, operation)
    except IntegrityError:  # the same request, twice at once
        return _rows(account, operation).get()


def kept_row(account: Account, operation: plc.Operation) -> PlcOperation | None:
    """The row of the same operation from before, in the caller's transaction. One that came to
    nothing goes, so that it can be written down again."""
    failed = (PlcOperation.State.REFUSED, PlcOperation.State.WITHDRAWN)
    _rows(account, operation).filter(state__in=failed).delete()
    return _rows(account, operation).first()


def _rows(account: Account, operation: plc.Operation) -> LeasedJobQuerySet[PlcOperation]:
    return PlcOperation.objects.filter(did=account.did, cid=plc.cid_of(operation))


def changed(data: PlcData, wanted: Mapping[str, Any]) -> PlcData:
    """The data with the given fields in place of its own; shapes are checked when it is signed.
    Raises ImproperOperation."""
    try:
        services = wanted.get("services")
        return replace(
            data,
            rotation_keys=tuple(wanted.get("rotationKeys", data.rotation_keys)),
            also_known_as=tuple(wanted.get("alsoKnownAs", data.also_known_as)),
            verification_methods=dict(wanted.get("verificationMethods", data.verification_methods)),
            services=data.services if services is None else _services(services),
        )
    except (TypeError, KeyError, ValueError, AttributeError) as fault:
        raise ImproperOperation("Invalid operation: services and verificationMethods") from fault


def _services(wished: Mapping[str, Mapping[str, str]]) -> dict[str, Service]:
    return {name: Service(entry["type"], entry["endpoint"]) for name, entry in wished.items()}
