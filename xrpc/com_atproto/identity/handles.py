"""com.atproto.identity.*: whom a handle leads to, and another handle for one's account.

Source: the lexicons of that namespace. Handles of this host's accounts are answered from the
database, all others by the network.
"""

from accounts import handle_changes, resolution
from xrpc import rate_limits
from xrpc.auth import Auth
from xrpc.call import Answer, Call
from xrpc.registry import procedure, query
from xrpc.subjects import own_account


@query("com.atproto.identity.resolveHandle", auth=Auth.none(), lane="lookup")
def resolve_handle(call: Call) -> Answer:
    return {"did": resolution.did_of(call.host, call.params["handle"])}


@procedure(
    "com.atproto.identity.updateHandle",
    auth=Auth.account(),
    lane="remote",
    limits=(rate_limits.UPDATE_HANDLE,),
)
def update_handle(call: Call) -> Answer:
    account = own_account(call)
    handle_changes.change_handle(account, handle_changes.check(account, call.input["handle"]))
    return None
