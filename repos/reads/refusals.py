"""Refusals of readers: no such repo or record, or one that is not for the public now.

Source: the errors of com.atproto.repo.getRecord and com.atproto.sync.getRepo.
"""

from protocol.errors import InvalidRequest
from repos.models import Repo


class RepoNotFound(InvalidRequest):
    """400: this host has no such repo."""

    name = "RepoNotFound"

    def __init__(self, did: str) -> None:
        super().__init__(f"Could not find repo for DID: {did}")


class UnknownRepo(InvalidRequest):
    """400 without a name of its own: com.atproto.repo.* has none for a repo that is not here."""

    def __init__(self, did_or_handle: str) -> None:
        super().__init__(f"Could not find repo: {did_or_handle}")


class RepoTakendown(InvalidRequest):
    """400: the account was taken down."""

    name = "RepoTakendown"


class RepoSuspended(InvalidRequest):
    """400: the account is suspended."""

    name = "RepoSuspended"


class RepoDeactivated(InvalidRequest):
    """400: the account's owner deactivated it."""

    name = "RepoDeactivated"


class RecordNotFound(InvalidRequest):
    """400: no such record, or not in the version that was asked for."""

    name = "RecordNotFound"

    def __init__(self, uri: str) -> None:
        super().__init__(f"Could not locate record: {uri}")


class RecordElsewhere(RecordNotFound):
    """400: no such record, because the repo is not here: another host may have it."""


_INACTIVE = {
    Repo.Status.TAKENDOWN.value: (RepoTakendown, "Repo has been taken down: {did}"),
    Repo.Status.SUSPENDED.value: (RepoSuspended, "Repo has been suspended: {did}"),
    Repo.Status.DEACTIVATED.value: (RepoDeactivated, "Repo has been deactivated: {did}"),
}


def refuse_inactive(did: str, status: str) -> None:
    """Raise the error that readers of an inactive repo get."""
    if status in _INACTIVE:
        error, message = _INACTIVE[status]
        raise error(message.format(did=did))
