"""Which service answers: the one that the caller names, or the one that methods of its kind go to.

Source: atproto.com/specs/xrpc, "Service Proxying". The header `atproto-proxy` is a DID and the id
of a service in its document; the sentences of refusal are those that clients meet elsewhere.
"""

from dataclasses import dataclass
from typing import Final

from django.conf import settings

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

    @property
    def is_default_appview(self) -> bool:
        """Whether it is the app view that the operator chose."""
        return self == app_view()


class UnresolvedService(InvalidRequest):
    """400: the DID that the caller named leads to no service."""


def named(header: str) -> Service:
    """The service that an `atproto-proxy` header names. Raises InvalidRequest."""
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
    return known(did, service_id)


def known(did: str, service_id: str) -> Service:
    """A service by its name: with the operator's URL, where it is the operator's app view."""
    default = app_view()
    if default is not None and (did, service_id) == (default.did, default.id):
        return default
    return Service(did, service_id)


def chosen(header: str | None, nsid: str) -> Service | None:
    """Who answers a method: whom the header names, else the default, if there is any.

    Raises InvalidRequest for a header that names nobody.
    """
    return named(header) if header else default_of(nsid)


def default_of(nsid: str) -> Service | None:
    """Who answers a method unless the caller names another; None when nobody was configured."""
    if nsid == methods.CREATE_REPORT:
        return _configured(settings.REPORT_URL, settings.REPORT_DID, LABELER_ID)
    if methods.is_for_moderators(nsid):
        return _configured(settings.MODERATION_URL, settings.MODERATION_DID, LABELER_ID)
    return app_view()


def why_nobody(nsid: str) -> str:
    """What is missing where `default_of` a method is None."""
    kind = "moderation service" if methods.is_for_moderators(nsid) else "app view"
    return f"this host does not answer {nsid} itself, and no {kind} is configured that could"


def app_view() -> Service | None:
    """The app view that the operator chose."""
    return _configured(settings.APPVIEW_URL, settings.APPVIEW_DID, APPVIEW_ID)


def _configured(url: str, did: str, service_id: str) -> Service | None:
    return Service(did, service_id, url) if url and did else None
