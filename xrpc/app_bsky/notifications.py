"""app.bsky.notification.registerPush and unregisterPush: a device wants to hear from a service.

Source: the lexicons of those methods. The service is named in the input, and answers as
`#bsky_notif` of its DID's document; the app view is its own.
"""

from protocol.oauth.permissions import Permissions
from xrpc.auth.app_scopes import ScopeRule
from xrpc.auth.declared import Auth
from xrpc.proxy import destinations
from xrpc.proxy.destinations import NOTIFIER_ID, Service
from xrpc.proxy.forwardable_methods import chosen_service, handed_on
from xrpc.registry import procedure
from xrpc.request.call import Answer, Call
from xrpc.response.errors import MethodNotImplemented

REGISTER = "app.bsky.notification.registerPush"
UNREGISTER = "app.bsky.notification.unregisterPush"


def _pushing(nsid: str) -> ScopeRule:
    """`rpc:` of the method, at the notifier that the input names or the app view that it is."""

    def check(permissions: Permissions, call: Call) -> None:
        service = _service(call, nsid)
        if not permissions.may_call(nsid, service.name):
            permissions.require_call(nsid, f"{service.did}#{NOTIFIER_ID}")

    return ScopeRule(f"`rpc:` of {nsid}", check)


@procedure(REGISTER, auth=Auth.account(), scope=_pushing(REGISTER))
def register_push(call: Call) -> Answer:
    return handed_on(call, REGISTER, _service(call, REGISTER))


@procedure(UNREGISTER, auth=Auth.account(), scope=_pushing(UNREGISTER))
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
