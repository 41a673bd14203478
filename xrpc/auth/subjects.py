"""Subjects of calls: the caller's own account and repo, and how an account is shown.

Everything is looked up at the call's host, so another tenant's account is as unknown as one that
never was.
"""

from collections.abc import Sequence

from django.conf import settings

from accounts.authentication import live_sessions
from accounts.identity import external_handles
from accounts.models import Account, account_lookups
from accounts.status import AccountTakedown
from hosting.models import Host
from moderation.audit import ADMIN
from moderation.enforcement.subject_status import SubjectNotFound, find_account
from repos.models import Repo
from repos.reads import refusals, repos
from repos.reads.repos import RepoRef, RepoRow
from server.database.prepared import Question, Row
from xrpc.auth.staff import ADMIN_SCOPE, hosts_of
from xrpc.request.call import Call
from xrpc.request.small_read import SmallCall
from xrpc.response.errors import AuthenticationRequired

NO_HANDLE = "handle.invalid"  # atproto.com/specs/handle: the placeholder on the wire


def own_account(call: Call) -> Account:
    """The caller's account unless it is taken down.

    Raises AccountNotFound, AccountTakedown, ExpiredToken when the session was ended.
    """
    found = live_sessions.owner(call.host, call.did, call.session)
    if found.account.taken_down_at is not None:
        raise AccountTakedown
    return found.signed_in()


def own_account_as_it_is(call: Call) -> Account:
    """The caller's account, taken down or not. Raises AccountNotFound, ExpiredToken."""
    return live_sessions.owner(call.host, call.did, call.session).signed_in()


def ask_for_owner(call: SmallCall) -> Question | None:
    """What `signed_in_owner` is told the answer of; None for nobody."""
    caller = call.caller
    if caller is None:
        return None
    return account_lookups.ask_for_owner(call.host, caller.did, caller.session)


def signed_in_owner(call: SmallCall, rows: Sequence[Row]) -> Account | None:
    """The caller's account, taken down or not, if the caller's session stands."""
    found = account_lookups.owner(call.host, rows)
    return found[0] if found is not None and found[1] else None


def actor(call: Call) -> str:
    """Who calls com.atproto.admin.*, as the audit log writes it: `admin` or the service's DID."""
    return call.did or ADMIN


def subject_of_staff(call: Call, did_or_handle: str) -> Account:
    """The account that a call of com.atproto.admin.* names, whatever its status, at one of the
    hosts that the caller may act on. Raises SubjectNotFound."""
    is_own = call.caller is not None and call.caller.scope == ADMIN_SCOPE
    if not is_own or not did_or_handle.startswith("did:"):
        return find_account(hosts_of(call), did_or_handle)
    account = account_lookups.find_open(call.host, did_or_handle)
    if account is None:
        raise SubjectNotFound
    return account


def own_repo_as_it_is(call: Call) -> RepoRow:
    """The caller's repo, deactivated or not: one look-up where `own_account` takes a model.

    Raises RepoNotFound, AccountTakedown, ExpiredToken.
    """
    if not call.session:  # a service that the account sent
        repo, is_live = repos.find_repo(call.host, call.did), True
    else:
        repo, is_live = _owned_repo(call)
    if repo.status == Repo.Status.TAKENDOWN:
        raise AccountTakedown
    if not is_live:
        raise live_sessions.SessionEnded
    return repo


def own_repo(call: Call, did_or_handle: str) -> RepoRef:
    """The repo that the caller may write to; whether the session still stands is asked with the
    write. Raises UnknownRepo, AuthenticationRequired, ExpiredToken."""
    if did_or_handle == call.did:
        try:
            return repos.repo_ref(call.host, did_or_handle)
        except refusals.RepoNotFound:
            raise live_sessions.SessionEnded from None  # deleted, and its sessions with it
    try:
        repo = repos.named_repo(call.host, did_or_handle)
    except refusals.UnknownRepo:
        own_account(call)
        raise
    if repo.did != call.did:
        own_account(call)
        raise AuthenticationRequired("The repo is not the account of this session")
    return repo


def readable_repo(call: Call) -> RepoRow:
    """The repo of `did`, when the caller may read it: an inactive one is its owner's alone, and
    the admin's.

    Raises RepoNotFound, RepoTakendown, RepoSuspended, RepoDeactivated, ExpiredToken.
    """
    if call.session:
        own, is_live = _owned_repo(call)
        if not is_live:
            raise live_sessions.SessionEnded
        if own.did == call.params["did"]:
            return own
    repo = repos.find_repo(call.host, call.params["did"])
    is_admin = call.caller is not None and call.caller.scope == ADMIN_SCOPE
    if repo.did != call.did and not is_admin:
        refusals.refuse_inactive(repo.did, repo.status)
    return repo


def _owned_repo(call: Call) -> tuple[RepoRow, bool]:
    try:
        return repos.owned_repo(call.host, call.did, call.session)
    except refusals.RepoNotFound:
        raise live_sessions.SessionEnded from None  # deleted, and its sessions with it


def account_of(host: Host, repo: RepoRow) -> Account:
    """The account whose repo it is. Raises UnknownRepo when it went in this very moment."""
    account = account_lookups.find_by_id(host, repo.id)
    if account is None:
        raise refusals.UnknownRepo(repo.did)
    return account


def handle_of(account: Account) -> str:
    """The account's handle, or the placeholder of an account that has none or has lost its
    proof."""
    return external_handles.shown(account) or NO_HANDLE


def blob_limit_bytes(host: Host) -> int:
    """The largest blob that a host takes, in bytes."""
    return host.blob_limit_bytes or settings.BLOB_LIMIT_BYTES
