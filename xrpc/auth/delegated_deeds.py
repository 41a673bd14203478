"""Deeds of controllers by methods: what changes the account or is sent in its name is written down.

Commits are written down with themselves (repos.commits), so they are left out here. What is read is
no deed, but a token for another service is: whatever comes of it has only the account's name on it.
"""

from typing import Final

from accounts.delegation import log
from hosting import limits
from hosting.limits import DAY_S, HOUR_S, Budget, bucket
from hosting.models import Host
from xrpc.request.call import Call, Caller

_COMMITS: Final = frozenset(
    f"com.atproto.repo.{name}"
    for name in ("applyWrites", "createRecord", "deleteRecord", "putRecord")
)
RELAYED: Final = bucket("delegated-relays", Budget(1_000, HOUR_S), Budget(5_000, DAY_S))
_MINTING: Final = "com.atproto.server.getServiceAuth"


def note(nsid: str, call: Call, *, is_procedure: bool) -> None:
    """Write down what a controller has just done by a method of ours."""
    if nsid == _MINTING:
        lxm, audience = call.params.get("lxm", ""), call.params["aud"]
        log.note_of_session(call.session, nsid, f"{lxm} {audience}")
    elif is_procedure and nsid not in _COMMITS:
        log.note_of_session(call.session, nsid)


def note_relayed(host: Host, caller: Caller | None, nsid: str, service: str) -> None:
    """Write down what a controller has another service do. Raises RateLimitExceeded."""
    if caller is not None and caller.actor:
        limits.spend(RELAYED, host, caller.did, caller.actor)
        log.note_of_session(caller.session, nsid, service)
