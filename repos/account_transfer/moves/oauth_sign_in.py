"""Signing in at the old host by OAuth, where it offers it: there and back, and what is carried on.

Until there is an account here the session travels in a field of a form, wrapped by the keyring, for
an hour; from then on repos.account_transfer.moves.old_session keeps it.
"""

from collections.abc import Mapping
from typing import Final

from accounts.oauth.own_client import flows, servers, sessions, wrapped_values
from accounts.oauth.own_client.flows import Started
from accounts.oauth.own_client.refusals import NoOAuth, ServerSilent
from hosting.models import Host
from protocol.did.did_document import DidDocument
from repos.account_transfer.moves import old_host
from repos.account_transfer.moves.old_host import OldHost

# Reads and service tokens; the identity's change; and the rest of the old account at the end
SCOPE: Final = "atproto transition:generic identity:* account:status?action=manage"
PURPOSE: Final = flows.purpose("move-in", "/account/move-in/back", SCOPE)
LASTS: Final = flows.LASTS
_KIND: Final = "move-in"
_CARRIED_S: Final = 3_600


def begin(host: Host, document: DidDocument, *, is_again: bool = False) -> Started | None:
    """The way to the host that a DID names; None where that offers none. Asks it. `is_again`: for a
    move that is under way."""
    origin = document.pds or ""
    try:
        server = servers.find(origin)
        kept = {"origin": origin, "is_again": is_again}
        return flows.begin(host, PURPOSE, server, document.did, kept)
    except (NoOAuth, ServerSilent):
        return None


def finish(host: Host, cookie: str, answer: Mapping[str, str]) -> tuple[OldHost, bool]:
    """The session that an answer leads to, and whether it is for a move under way. Raises as
    `flows.finish`."""
    session, kept = flows.finish(host, PURPOSE, cookie, answer)
    return old_host.of_oauth(kept["origin"], session), kept["is_again"]


def carried(host: Host, old: OldHost) -> str:
    """The session as a form's field."""
    dumped = old.oauth.dumped().decode() if old.oauth is not None else ""
    value = {"origin": old.origin, "session": dumped}
    return wrapped_values.wrap(host, _KIND, value, _CARRIED_S)


def taken(host: Host, field: str) -> OldHost:
    """The session that a form brings back. Raises SignInLost, SessionEnded."""
    kept = wrapped_values.unwrap(host, _KIND, field)
    return old_host.of_oauth(kept["origin"], sessions.loaded(host, kept["session"].encode()))
