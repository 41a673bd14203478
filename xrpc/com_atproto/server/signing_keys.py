"""com.atproto.server.reserveSigningKey: a key for somebody who is about to move in.

Source: its lexicon: "Public and does not require auth".
"""

from accounts.identity.keys import reserved_keys
from xrpc import rate_limits
from xrpc.auth.declared import Auth
from xrpc.registry import procedure
from xrpc.request.call import Answer, Call


@procedure(
    "com.atproto.server.reserveSigningKey",
    auth=Auth.none(),
    limits=(rate_limits.RESERVE_SIGNING_KEY,),
)
def reserve_signing_key(call: Call) -> Answer:
    return {"signingKey": reserved_keys.reserve(call.host, call.input.get("did", ""))}
