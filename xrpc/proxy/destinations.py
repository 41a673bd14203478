"""Proxy destinations: the service that the caller names, or the default for a method.

Source: atproto.com/specs/xrpc, "Service Proxying". The header `atproto-proxy` is a DID and the id
of a service in its document; the sentences of refusal are those that clients meet elsewhere.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from django.conf import settings

from hosting.models import Host
from protocol.errors import InvalidRequest
from protocol.syntax import is_did
from xrpc.proxy import methods

APPVIEW_ID: Final = "bsky_appview"
LABELER_ID: Final = "atproto_labeler"
NOTIFIER_ID: Final = "bsky_notif"


@dataclass(frozen=True, slots=True)
class Service:
    """A service by DID and id. `url` is the operator's word; empty: the DID's document tells."""

    did: str
    id: str
    url: str = ""
    is_default_appview: bool = field(default=False, compare=False)  # the one of the host

    @property
    def name(self) -> str:
        """`did#id`, as scopes name it."""
        return f"{self.did}#{self.id}"


class UnresolvedService(InvalidRequest):
    """400: the DID that the caller named leads to no service."""


def named(host: Host, header: str) -> Service:
    """The service that an `atproto-proxy` header names at a host. Raises InvalidRequest."""
    did, mark, service_id = header.partition("#")
    if mark and not did:
        raise InvalidRequest("no did specified in proxy header")
    if not service_id:
        raise InvalidRequest("no service id specified in proxy header")
    if "#" in service_id:
        raise InvalidRequest("invalid proxy header format")
    if " " in header:
        raise InvalidRequest("proxy header cannot contain spaces")
    if not is_did(did):
        raise UnresolvedService("could not resolve proxy did")
    return known(host, did, service_id)


def known(host: Host, did: str, service_id: str) -> Service:
    """A service by its name: with the operator's URL, where it is the host's app view."""
    default = app_view(host)
    if default is not None and (did, service_id) == (default.did, default.id):
        return default
    return Service(did, service_id)


def chosen(host: Host, header: str | None, nsid: str) -> Service | None:
    """Who answers a method: whom the header names, else the default, if there is any.

    Raises InvalidRequest for a header that names nobody.
    """
    return named(host, header) if header else default_of(host, nsid)


def default_of(host: Host, nsid: str) -> Service | None:
    """Who answers a method unless the caller names another: the host's own service, else the
    deployment's; None when nobody was configured."""
    if nsid == methods.CREATE_REPORT:
        own = _configured(host.report_url, host.report_did, LABELER_ID)
        return own or _configured(settings.REPORT_URL, settings.REPORT_DID, LABELER_ID)
    if methods.is_for_moderators(nsid):
        own = _configured(host.moderation_url, host.moderation_did, LABELER_ID)
        return own or _configured(settings.MODERATION_URL, settings.MODERATION_DID, LABELER_ID)
    return app_view(host)


def why_nobody(nsid: str) -> str:
    """What is missing where `default_of` a method is None."""
    kind = "moderation service" if methods.is_for_moderators(nsid) else "app view"
    return f"this host does not answer {nsid} itself, and no {kind} is configured that could"


def app_view(host: Host) -> Service | None:
    """The app view of a host, else the deployment's."""
    own = _configured(host.appview_url, host.appview_did, APPVIEW_ID)
    default = own or _configured(settings.APPVIEW_URL, settings.APPVIEW_DID, APPVIEW_ID)
    return replace(default, is_default_appview=True) if default else None


def appview_cdn(host: Host) -> str:
    """Where the app view of a host keeps its images: a URL with {preset}, {did} and {cid}; a host
    with an app view of its own does not have the deployment's."""
    has_its_own = bool(host.appview_url and host.appview_did)
    return host.appview_cdn if has_its_own else settings.APPVIEW_CDN


def _configured(url: str, did: str, service_id: str) -> Service | None:
    return Service(did, service_id, url) if url and did else None
