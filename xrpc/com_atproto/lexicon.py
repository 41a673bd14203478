"""com.atproto.lexicon.*: lexicons as their authorities publish them. Source: that namespace."""

from protocol import atjson, cid
from repos.lexicons import publications, resolving
from xrpc import rate_limits
from xrpc.auth.declared import Auth
from xrpc.registry import query
from xrpc.request.call import Answer, Call


@query(
    "com.atproto.lexicon.resolveLexicon",
    auth=Auth.none(),
    pool="lookup",
    limits=(rate_limits.RESOLVE_LEXICON,),
)
def resolve_lexicon(call: Call) -> Answer:
    found = resolving.resolve(call.params["nsid"])
    return {
        "uri": f"at://{found.did}/{publications.SCHEMA}/{found.nsid}",
        "cid": cid.to_text(found.cid),
        "schema": atjson.from_value(found.document),
    }
