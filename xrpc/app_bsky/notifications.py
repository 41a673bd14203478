"""app.bsky.notification.registerPush and unregisterPush: a device wants to hear from a service.

Source: the lexicons of those methods. The service is named in the input, and answers as
`#bsky_notif` of its DID's document; the app view is its own.
"""

from xrpc.auth.declared import Auth
from xrpc.proxy import destinations
from xrpc.proxy.destinations import NOTIFIER_ID, Service
from xrpc.proxy.forwardable_methods import chosen_service, handed_on
from xrpc.registry import procedure
from xrpc.request.call import Answer, Call
from xrpc.response.errors import MethodNotImplemented

REGISTER = "app.bsky.notification.registerPush"
UNREGISTER = "app.bsky.notification.unregisterPush"


@procedure(REGISTER, auth=Auth.account())
def register_push(call: Call) -> Answer:
    return handed_on(call, REGISTER, _service(call, REGISTER))


@procedure(UNREGISTER, auth=Auth.account())
def unregister_push(call: Call) -> Answer:
    return handed_on(call, UNREGISTER, _service(call, UNREGISTER))


def _service(call: Call, nsid: str) -> Service:
    """Whom the input names; a service that the header names instead answers as it is."""
    if call.meta.get("HTTP_ATPROTO_PROXY"):
        named = chosen_service(call, nsid)
        if named is None:
            raise MethodNotImplemented
        if not named.is_default_appview:
            return named
    did: str = call.input["serviceDid"]
    default = destinations.app_view(call.host)
    return default if default and default.did == did else Service(did, NOTIFIER_ID)
