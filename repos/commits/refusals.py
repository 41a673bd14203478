"""Refusals of writes: the account is deactivated, suspended, or was taken down.

Source: the errors of com.atproto.repo.createRecord and the states of atproto.com/specs/account.
"""

from collections.abc import Mapping
from typing import Final

from accounts.status import AccountSuspended, AccountTakedown
from protocol.errors import XrpcError
from repos.models import Repo


class AccountDeactivated(XrpcError):
    """401: the account is deactivated; its owner may activate it and write again."""

    name = "AccountDeactivated"
    status = 401
    message = "Account is deactivated"


_INACTIVE: Final[Mapping[str, type[XrpcError]]] = {
    Repo.Status.TAKENDOWN.value: AccountTakedown,
    Repo.Status.DEACTIVATED.value: AccountDeactivated,
    Repo.Status.SUSPENDED.value: AccountSuspended,
}


def of_status(status: str) -> XrpcError | None:
    """Why a repo of that status takes no commits; None when it does."""
    kind = _INACTIVE.get(status)
    return kind() if kind is not None else None


def refuse_inactive(status: str) -> None:
    """Raises AccountTakedown, AccountDeactivated, AccountSuspended for what takes no commits."""
    if (refusal := of_status(status)) is not None:
        raise refusal
