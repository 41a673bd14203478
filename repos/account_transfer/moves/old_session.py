"""The session at the old host, kept wrapped for a day at the most, and forgotten in the end.

It is by OAuth, with a key of its own, or by a password, which is shown to the old host for its
tokens and never kept.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import orjson
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Account
from accounts.oauth.own_client import sessions
from accounts.oauth.own_client.refusals import SessionEnded
from accounts.oauth.own_client.sessions import OAuthSession
from repos.account_transfer.moves import old_host
from repos.account_transfer.moves.old_host import OldHost
from repos.account_transfer.moves.old_host_calls import OldSessionEnded
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
    given = old.tokens
    try:
        yield old
    finally:
        if old.tokens != given:
            live = _rows(move.repo_id).filter(session_until=move.session_until)
            live.update(session=_wrapped(old))


def of(account: Account, move: MoveIn) -> OldHost:
    """The session as it is kept. Raises OldSessionEnded."""
    if not is_there(move):
        raise OldSessionEnded
    kept = orjson.loads(keyring.unwrap(bytes(move.session or b"")))  # noqa: TID251 - our own text
    if "oauth" in kept:
        return old_host.of_oauth(move.origin, _oauth(account, kept["oauth"]))
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


def _oauth(account: Account, dumped: str) -> OAuthSession:
    try:
        return sessions.loaded(account.host, dumped.encode())
    except SessionEnded:
        raise OldSessionEnded from None


def _wrapped(old: OldHost) -> bytes:
    if old.oauth is not None:
        return keyring.wrap(orjson.dumps({"oauth": old.oauth.dumped().decode()}))
    return keyring.wrap(orjson.dumps({"access": old.access, "refresh": old.refresh}))
