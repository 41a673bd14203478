"""com.atproto.server.*: deactivation, activation and status of an account.

Source: the lexicons of that namespace. They take no subject: the account is the caller's own.
"""

from datetime import UTC, datetime

from accounts.identity import did_verification
from accounts.lifecycle import activation, preferences
from protocol import cid
from protocol.errors import InvalidRequest
from repos.reads import repos
from repos.reads.counts import count_repo
from xrpc import rate_limits
from xrpc.auth import app_scopes
from xrpc.auth.declared import FULL, LEAVING, Auth
from xrpc.auth.subjects import own_account, own_account_as_it_is
from xrpc.registry import procedure, query
from xrpc.request.call import Answer, Call


@procedure(
    "com.atproto.server.deactivateAccount",
    auth=Auth.account(LEAVING),
    scope=app_scopes.MANAGE_STATUS,
    limits=(rate_limits.CHANGE_STATUS,),
)
def deactivate_account(call: Call) -> Answer:
    delete_after = _moment(call.input.get("deleteAfter"))
    is_by_app = call.permissions is not None
    activation.deactivate(own_account_as_it_is(call), delete_after, is_by_app=is_by_app)
    return None


@procedure(
    "com.atproto.server.activateAccount",
    auth=Auth.account(FULL),
    scope=app_scopes.NONE,
    pool="lookup",
    limits=(rate_limits.CHANGE_STATUS,),
)
def activate_account(call: Call) -> Answer:
    activation.activate(own_account_as_it_is(call))
    return None


@query(
    "com.atproto.server.checkAccountStatus",
    auth=Auth.account(),
    scope=app_scopes.ANY,
    pool="lookup",
)
def check_account_status(call: Call) -> Answer:
    """`privateStateValues` counts preferences. `hasRotationKey`, which the lexicon does not have,
    says false where the DID's rotation keys lack this host's; it is left out otherwise."""
    account = own_account(call)
    held = count_repo(repos.repo_ref(call.host, account.did))
    status = {
        "activated": account.deactivated_at is None,
        "validDid": did_verification.is_valid(account),
        "repoCommit": cid.to_text(held.head),
        "repoRev": held.rev,
        "repoBlocks": held.block_count,
        "indexedRecords": held.record_count,
        "privateStateValues": preferences.count(account),
        "expectedBlobs": held.expected_blob_count,
        "importedBlobs": held.imported_blob_count,
    }
    account.refresh_from_db(fields=["has_rotation_key"])  # the look at the DID has told it
    return {**status, "hasRotationKey": False} if account.has_rotation_key is False else status


def _moment(text: str | None) -> datetime | None:
    """A datetime of the wire in UTC; the wire knows a few that no clock here can hold."""
    try:
        return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise InvalidRequest('"deleteAfter" is not a date within the supported range') from fault
