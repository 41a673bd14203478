"""Waits for a sign-up's DID, and for the account that opens with it."""

from django.utils.translation import gettext_lazy as _

from accounts.identity.plc.await_decision import await_decision
from accounts.models import Account, PlcOperation
from protocol.errors import XrpcError

_AGAIN = "Nothing is lost: repeat the same sign-up in a few minutes to go on with it."
_TOO_SLOW = f"The PLC directory has not confirmed the new DID yet. {_AGAIN}"
_DOWN = f"The PLC directory cannot be reached at the moment. {_AGAIN}"


class DirectoryTimeout(XrpcError):
    """504: no answer yet. The sign-up is kept, and repeating it goes on with it."""

    name = "UpstreamTimeout"
    status = 504
    page_text = _(
        "The directory that registers new accounts has not answered yet. Nothing is lost: send the"
        " form again in a few minutes to go on where it stopped."
    )


class DirectoryDown(XrpcError):
    """502: the directory cannot be reached. The sign-up is kept, as with `DirectoryTimeout`."""

    name = "UpstreamFailure"
    status = 502
    page_text = _(
        "The directory that registers new accounts cannot be reached at the moment. Nothing is"
        " lost: send the form again in a few minutes to go on where it stopped."
    )


class DirectoryRefused(XrpcError):
    """502: the directory would not register the DID. Nothing of the sign-up is kept."""

    name = "UpstreamFailure"
    status = 502


def await_account(operation: PlcOperation) -> Account:
    """The opened account of a genesis operation, within `settings.PLC_AWAIT_S` seconds.

    Raises `DirectoryTimeout`, `DirectoryDown` (still pending) or `DirectoryRefused` (gone).
    """
    await_decision(operation, too_slow=DirectoryTimeout(_TOO_SLOW), down=DirectoryDown(_DOWN))
    return _opened(operation)


def _opened(operation: PlcOperation) -> Account:
    if operation.state == PlcOperation.State.PUBLISHED:
        accounts = Account.objects.select_related("host", "custom_handle")
        return accounts.get(plc_operations=operation)
    if operation.state == PlcOperation.State.REFUSED:
        raise DirectoryRefused(
            f"The PLC directory refused to register the new DID: {operation.last_error}"
        )
    raise DirectoryTimeout(
        "The PLC directory did not confirm the new DID in time. Please sign up again."
    )
