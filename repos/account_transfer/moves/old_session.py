"""The session at the old host, kept wrapped for a day at the most, and forgotten in the end.

Passwords are never kept: they are shown to the old host, which gives tokens for them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import orjson
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Account
from repos.account_transfer.moves.old_host import OldHost, OldSessionEnded
from repos.models import MoveIn
from server.encryption import keyring

KEPT_FOR: Final = timedelta(hours=24)


def keep(repo_id: int, old: OldHost) -> None:
    """Keep the session of somebody who signed in there just now."""
    _rows(repo_id).update(session=_wrapped(old), session_until=timezone.now() + KEPT_FOR)


@contextmanager
def opened(account: Account, move: MoveIn) -> Iterator[OldHost]:
    """The session, whose newest tokens are kept for as long as the first ones would have been,
    however what is done with it ends: the old ones are used up. Raises OldSessionEnded when there
    is none any more."""
    old = of(account, move)
    given = old.access, old.refresh
    try:
        yield old
    finally:
        if (old.access, old.refresh) != given:
            live = _rows(move.repo_id).filter(session_until=move.session_until)
            live.update(session=_wrapped(old))


def of(account: Account, move: MoveIn) -> OldHost:
    """The session as it is kept. Raises OldSessionEnded."""
    if not is_there(move):
        raise OldSessionEnded
    kept = orjson.loads(keyring.unwrap(bytes(move.session or b"")))  # noqa: TID251 - our own text
    return OldHost(move.origin, account.did, kept["access"], kept["refresh"])


def is_there(move: MoveIn) -> bool:
    """Whether there is one to be used."""
    until = move.session_until
    return move.session is not None and until is not None and until > timezone.now()


def forget(repo_id: int) -> None:
    """It is not needed any more."""
    _rows(repo_id).update(session=None, session_until=None)


def forget_old() -> None:
    """The sweep: sessions whose day is over."""
    old = MoveIn.objects.filter(session_until__lte=timezone.now())
    old.update(session=None, session_until=None)


def _rows(repo_id: int) -> "QuerySet[MoveIn]":
    return MoveIn.objects.filter(pk=repo_id)


def _wrapped(old: OldHost) -> bytes:
    return keyring.wrap(orjson.dumps({"access": old.access, "refresh": old.refresh}))
