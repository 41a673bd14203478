"""com.atproto.identity.*: whom a handle leads to, and another handle for one's account.

Source: the lexicons of that namespace. Handles of this host's accounts are answered from the
database, all others by the network.
"""

from collections.abc import Sequence

import orjson

from accounts.identity import handle_changes, resolution
from accounts.identity.handles import allocation
from hosting.models import Host
from server.database.prepared import Question, Row
from xrpc import rate_limits
from xrpc.auth import app_scopes
from xrpc.auth.declared import Auth
from xrpc.auth.subjects import own_account
from xrpc.proxy.forwardable_methods import relayed
from xrpc.proxy.plans import Composed, PoolWork
from xrpc.registry import procedure, query
from xrpc.request.call import Answer, Call
from xrpc.request.small_read import SmallCall, SmallRead


def _ask_for_did(call: SmallCall) -> Question:
    return allocation.ask_for_did(call.host, call.params["handle"])


def _own_did(_call: SmallCall, rows: Sequence[Row]) -> dict[str, str] | None:
    did = allocation.resolved(rows)
    return None if did is None else {"did": did}


@query(
    "com.atproto.identity.resolveHandle",
    auth=Auth.none(),
    small=SmallRead(_ask_for_did, _own_did),
)
def resolve_handle(call: Call) -> Answer:
    """What is known is said at once: slow name servers of other names hold up none of ours."""
    handle = call.params["handle"]
    did = resolution.known_did_of(call.host, handle)
    return {"did": did} if did else relayed(PoolWork("lookup", lambda: _asked(call.host, handle)))


@procedure(
    "com.atproto.identity.updateHandle",
    auth=Auth.account(),
    scope=app_scopes.CHANGE_HANDLE,
    pool="lookup",
    limits=(rate_limits.UPDATE_HANDLE,),
)
def update_handle(call: Call) -> Answer:
    account = own_account(call)
    handle_changes.change_handle(account, handle_changes.check(account, call.input["handle"]))
    return None


def _asked(host: Host, handle: str) -> Composed:
    return Composed(orjson.dumps({"did": resolution.did_of(host, handle)}))
