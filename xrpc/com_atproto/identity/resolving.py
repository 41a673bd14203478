"""com.atproto.identity.*: any identity of the network, as this host sees it.

Source: the lexicons of that namespace. Answers are remembered for a while
(accounts.identity.resolution); whoever has an account here may have an identity looked up anew.
"""

from accounts.identity import external_handles, resolution
from accounts.identity.resolution import Identity
from xrpc import rate_limits
from xrpc.auth import app_scopes
from xrpc.auth.declared import Auth
from xrpc.auth.subjects import NO_HANDLE, own_account
from xrpc.registry import procedure, query
from xrpc.request.call import Answer, Call


@query("com.atproto.identity.resolveDid", auth=Auth.none(), pool="lookup")
def resolve_did(call: Call) -> Answer:
    return {"didDoc": resolution.resolve_did(call.params["did"]).json}


@query("com.atproto.identity.resolveIdentity", auth=Auth.none(), pool="lookup")
def resolve_identity(call: Call) -> Answer:
    return _shown(resolution.identify(call.host, call.params["identifier"]))


@procedure(
    "com.atproto.identity.refreshIdentity",
    auth=Auth.account(),
    scope=app_scopes.ANY,
    pool="lookup",
    limits=(rate_limits.REFRESH_IDENTITY,),
)
def refresh_identity(call: Call) -> Answer:
    own_account(call)
    identity = resolution.identify(call.host, call.input["identifier"], fresh=True)
    external_handles.check_now(call.host, identity.did)
    return _shown(identity)


def _shown(identity: Identity) -> Answer:
    return {
        "did": identity.did,
        "handle": identity.handle or NO_HANDLE,
        "didDoc": identity.document.json,
    }
