"""PLC updates: the next operation of a DID, signed by its host, stored as a row, awaited.

Source: the did:plc method specification, "Update". The row is the intent (`submit`): whoever
waits here may give up, the operation goes on. Nothing of the account changes before the directory
holds the operation (`adopt_update`), so a refusal leaves everything as it was.
"""

from accounts.identity.keys import signing_keys
from accounts.identity.plc import client, control_check, did_refresh, submit
from accounts.identity.plc.await_decision import await_decision
from accounts.identity.plc.control_check import NotOursToChange
from accounts.models import Account, PlcOperation
from protocol.did import plc
from protocol.did.plc_data import PlcData
from protocol.errors import InvalidRequest, XrpcError

_TOO_SLOW = (
    "The PLC directory has not confirmed the change yet. It is kept and goes on by"
    " itself; repeat the request to wait for it."
)
_DOWN = (
    "The PLC directory cannot be reached at the moment. The change is kept and goes on"
    " when it can; repeat the request to wait for it."
)


class DirectoryUnavailable(XrpcError):
    """502: the directory cannot be reached."""

    name = "UpstreamFailure"
    status = 502


class UpdateTimeout(XrpcError):
    """504: the directory has not confirmed the operation; it goes on by itself."""

    name = "UpstreamTimeout"
    status = 504


class UpdateRefused(InvalidRequest):
    """400: the directory would not take the operation. Nothing was changed."""


def newest(account: Account) -> tuple[plc.Operation, PlcData]:
    """The newest operation of the account's DID, and what it says, from the directory itself.

    Raises DirectoryUnavailable, NotOursToChange.
    """
    try:
        operation, data = did_refresh.ask_directory(account.did)
    except client.Unsettled as outcome:
        raise DirectoryUnavailable(
            "The PLC directory does not answer. Nothing was changed; please try again."
        ) from outcome
    if operation is None or data is None:
        raise NotOursToChange("The PLC directory does not hold this DID, or it was tombstoned")
    return operation, data


def signed(account: Account, data: PlcData, prev: plc.Operation) -> plc.Operation:
    """The operation by which this host gives the DID the data. Raises NotOursToChange."""
    control_check.check_rotation_key(account, plc.data_of(prev) or data)
    return plc.sign(plc.update(data, plc.cid_of(prev)), signing_keys.rotation_key(account.host))


def write_down(account: Account, operation: plc.Operation, **purpose: str) -> PlcOperation:
    """The row of a signed operation, due at once. `purpose` says what it is for, in the model's
    fields: `new_handle` is kept for the account until the operation is decided. Call inside a
    durable transaction: the directory must never be told of what could be undone."""
    return PlcOperation.objects.create(
        did=account.did,
        account=account,
        kind=PlcOperation.Kind.UPDATE,
        operation=operation,
        cid=plc.cid_of(operation),
        **purpose,
    )


def await_publication(operation: PlcOperation) -> None:
    """Return once the directory holds the operation and the account has taken it over.

    Waits at most `settings.PLC_AWAIT_S`. Raises UpdateRefused (nothing changed), UpdateTimeout and
    DirectoryUnavailable (it goes on by itself).
    """
    submit.attempt_first(operation)
    await_decision(operation, too_slow=UpdateTimeout(_TOO_SLOW), down=DirectoryUnavailable(_DOWN))
    if operation.state == PlcOperation.State.WITHDRAWN:
        raise UpdateRefused("Another change of this account has replaced this one")
    if operation.state != PlcOperation.State.PUBLISHED:
        raise UpdateRefused(f"The PLC directory refused the change: {operation.last_error}")
