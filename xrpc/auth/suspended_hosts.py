"""What a host still answers while its tenant is suspended.

Its people read what is theirs, sign in and leave, its staff work on, and the firehose and all that
tells where an account is goes on; nobody reads others' repos, and nothing is written.
"""

from typing import Any, Final

from accounts.models import Account
from hosting.models import Host
from hosting.tenancy import suspension
from hosting.tenancy.suspension import TenantSuspended
from protocol.syntax import is_handle, normalize_handle
from repos.models import Repo
from repos.reads import refusals
from xrpc.auth.declared import Auth, Kind
from xrpc.auth.staff import ADMIN_SCOPE
from xrpc.request.call import Call

_OF_ACCOUNTS: Final = ("com.atproto.server.", "com.atproto.identity.")
_REPO_READS: Final = frozenset(
    f"com.atproto.repo.{name}" for name in ("getRecord", "listRecords", "describeRepo")
)
_REFUSED: Final = frozenset({
    "com.atproto.server.activateAccount",
    "com.atproto.server.createAppPassword",
    "com.atproto.identity.updateHandle",
    "com.atproto.moderation.createReport",
})  # fmt: skip
_OWN_DATA: Final = frozenset({"app.bsky.actor.getPreferences"})
_FROM_AUTHORITIES: Final = frozenset({"com.atproto.moderation.sendAbuseNotice"})


def check(call: Call, nsid: str, auth: Auth, *, is_query: bool) -> None:
    """Raises RepoSuspended for who reads others' repos, TenantSuspended for all else that waits."""
    if not suspension.is_suspended(call.host) or auth.is_for_staff:
        return
    if auth.kind is Kind.OPTIONAL_OWNER or nsid in _REPO_READS:
        _refuse_readers(call)
    elif not _goes_on(nsid, is_query=is_query):
        raise TenantSuspended(call.host)


def shown_status(host: Host, status: str) -> str:
    """The status that the public is told of a repo at a host."""
    is_shown = status == Repo.Status.ACTIVE and suspension.is_suspended(host)
    return str(Repo.Status.SUSPENDED) if is_shown else status


def _refuse_readers(call: Call) -> None:
    whose: Any = call.params.get("did", call.params.get("repo", ""))
    is_admin = call.caller is not None and call.caller.scope == ADMIN_SCOPE
    if not is_admin and not (call.did and _is_caller(call, whose)):
        refusals.refuse_inactive(whose, Repo.Status.SUSPENDED)


def _is_caller(call: Call, whose: Any) -> bool:
    """Whether a repo that is named by DID or handle is the caller's own."""
    if call.did == whose:
        return True
    if not is_handle(str(whose)):
        return False
    handle = normalize_handle(str(whose))
    return bool(Account.objects.of(call.host).filter(did=call.did, handle=handle).exists())


def _goes_on(nsid: str, *, is_query: bool) -> bool:
    if nsid in _REFUSED:
        return False
    if nsid.startswith(_OF_ACCOUNTS) or nsid in _OWN_DATA | _FROM_AUTHORITIES:
        return True
    return is_query and nsid.startswith("com.atproto.")
