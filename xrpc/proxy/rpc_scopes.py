"""Scope rules of methods that another service answers: `rpc:` of the method at that service.

The service is the one that the call goes to, `did#id`; a method that is answered here for want of
any is this host's own. What goes to nobody that is declared is held to the same.
"""

from typing import Final

from hosting.models import Host
from protocol.oauth.permissions import Permissions
from xrpc.auth.app_scopes import NotForApps, ScopeRule
from xrpc.proxy import destinations, methods
from xrpc.proxy.destinations import Service
from xrpc.request.call import Call, Caller

_PDS_ID: Final = "atproto_pds"


def calling(*nsids: str) -> ScopeRule:
    """A permission to call all of these at the service that answers the first."""

    def check(permissions: Permissions, call: Call) -> None:
        header = call.meta.get("HTTP_ATPROTO_PROXY")
        audience = audience_of(call.host, destinations.chosen(call.host, header, nsids[0]))
        for nsid in nsids:
            permissions.require_call(nsid, audience)

    return ScopeRule(f"`rpc:` of {' and '.join(nsids)}", check)


def audience_of(host: Host, service: Service | None) -> str:
    """A service as scopes name it; None is this host."""
    return f"{host.service_did}#{_PDS_ID}" if service is None else service.name


def check_caller(caller: Caller | None, nsid: str, service: Service) -> None:
    """Refuse an app that may not call the method there. Raises ScopeMissing, NotForApps."""
    if caller is None or caller.permissions is None:
        return
    check(caller.permissions, nsid, service.name)


def check(permissions: Permissions, nsid: str, audience: str) -> None:
    """Refuse an app that may not call the method at the service, named as scopes name it. Raises
    ScopeMissing, NotForApps."""
    if methods.is_for_admins(nsid):
        raise NotForApps
    permissions.require_call(nsid, audience)
