"""com.atproto.identity.*: handles of this host. Source: the lexicons of that namespace."""

from accounts import handles
from protocol.errors import XrpcError
from xrpc.auth import Auth
from xrpc.call import Answer, Call
from xrpc.registry import query


class HandleNotFound(XrpcError):
    """400: no active account of this host has the handle."""

    name = "HandleNotFound"

    def __init__(self) -> None:
        super().__init__("Unable to resolve handle")


@query("com.atproto.identity.resolveHandle", auth=Auth.none())
def resolve_handle(call: Call) -> Answer:
    did = handles.resolve(call.host, call.params["handle"])
    if did is None:
        raise HandleNotFound
    return {"did": did}
