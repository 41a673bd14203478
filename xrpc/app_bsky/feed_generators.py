"""app.bsky.feed.getFeed: through the app view, with a token for the feed's own service.

Source: the lexicons app.bsky.feed.getFeed and getFeedSkeleton. The app view hands the caller's
token on to whoever makes the feed, so it must be meant for that DID, which the feed's record names.
"""

from typing import Final
from urllib.parse import urlencode

import orjson

from protocol.errors import InvalidRequest
from protocol.syntax import AtUri, InvalidSyntax, is_did
from xrpc.auth import Auth
from xrpc.call import Answer, Call
from xrpc.proxy.encodings import Undecodable, decoded
from xrpc.proxy.local import handed_on, needed_service, passage, relayed
from xrpc.proxy.plans import Asking, Forwarded, Received
from xrpc.registry import query

GET_FEED: Final = "app.bsky.feed.getFeed"
SKELETON: Final = "app.bsky.feed.getFeedSkeleton"
GET_RECORD: Final = "com.atproto.repo.getRecord"


class UnknownFeed(InvalidRequest):
    """400: no such feed, or one that names no service."""

    name = "UnknownFeed"

    def __init__(self) -> None:
        super().__init__("could not resolve feed did")


@query(GET_FEED, auth=Auth.account())
def get_feed(call: Call) -> Answer:
    service = needed_service(call, GET_FEED)
    if not service.is_default_appview:
        return handed_on(call, GET_FEED, service)
    way = passage(call, GET_FEED)

    def go_on(found: tuple[Received | None, ...]) -> Forwarded:
        return way.to(service, GET_FEED, aud=_service_did(found[0]), lxm=SKELETON)

    record = way.question(service, GET_RECORD, _record_named(call.params["feed"]))
    return relayed(Asking((record,), go_on))


def _record_named(feed: str) -> str:
    """The query for the record behind a feed's at-URI. Raises UnknownFeed."""
    try:
        uri = AtUri.parse(feed)
    except InvalidSyntax as reason:
        raise UnknownFeed from reason
    if not (uri.collection and uri.rkey):
        raise UnknownFeed
    return urlencode({"repo": uri.authority, "collection": uri.collection, "rkey": uri.rkey})


def _service_did(found: Received | None) -> str:
    """The DID in a feed's record. Raises UnknownFeed."""
    try:
        coding = found.headers.get("content-encoding", "") if found else ""
        value = orjson.loads(decoded(found.body, coding)) if found else None
        did = value["value"]["did"] if value else None
    except (Undecodable, ValueError, KeyError, TypeError) as reason:
        raise UnknownFeed from reason
    if not isinstance(did, str) or not is_did(did):
        raise UnknownFeed
    return did
