"""app.bsky.feed.getFeed: through the app view, with a token for the feed's own service.

Source: the lexicons app.bsky.feed.getFeed and getFeedSkeleton. The app view hands the caller's
token on to whoever makes the feed, so it must be meant for that DID. The feed's record names it;
where the app view does not show records, its own view of the feed does.
"""

from typing import Final
from urllib.parse import urlencode

from protocol.errors import InvalidRequest
from protocol.syntax import AtUri, InvalidSyntax, is_did
from xrpc.auth.declared import Auth
from xrpc.proxy.forwardable_methods import handed_on, needed_service, proxy_context, relayed
from xrpc.proxy.plans import Forwarded, Questions, Received, value_of
from xrpc.proxy.rpc_scopes import calling
from xrpc.registry import query
from xrpc.request.call import Answer, Call

GET_FEED: Final = "app.bsky.feed.getFeed"
SKELETON: Final = "app.bsky.feed.getFeedSkeleton"
GET_RECORD: Final = "com.atproto.repo.getRecord"
GET_GENERATOR: Final = "app.bsky.feed.getFeedGenerator"


class UnknownFeed(InvalidRequest):
    """400: no such feed, or one that names no service."""

    name = "UnknownFeed"
    message = "could not resolve feed did"


@query(GET_FEED, auth=Auth.account(), scope=calling(GET_FEED, SKELETON))
def get_feed(call: Call) -> Answer:
    service = needed_service(call, GET_FEED)
    if not service.is_default_appview:
        return handed_on(call, GET_FEED, service)
    way = proxy_context(call, GET_FEED)

    feed = call.params["feed"]

    def forward(maker: str) -> Forwarded:
        return way.to(service, GET_FEED, aud=maker, lxm=SKELETON)

    def by_view(found: tuple[Received | None, ...]) -> Forwarded:
        maker = _did_in(found[0], "view")
        if maker is None:
            raise UnknownFeed
        return forward(maker)

    def by_record(found: tuple[Received | None, ...]) -> Forwarded | Questions:
        if maker := _did_in(found[0], "value"):
            return forward(maker)
        view = way.question(service, GET_GENERATOR, urlencode({"feed": feed}))
        return Questions((view,), by_view)

    record = way.question(service, GET_RECORD, _record_named(feed))
    return relayed(Questions((record,), by_record))


def _record_named(feed: str) -> str:
    """The query for the record behind a feed's at-URI. Raises UnknownFeed."""
    try:
        uri = AtUri.parse(feed)
    except InvalidSyntax as reason:
        raise UnknownFeed from reason
    if not (uri.collection and uri.rkey):
        raise UnknownFeed
    return urlencode({"repo": uri.authority, "collection": uri.collection, "rkey": uri.rkey})


def _did_in(found: Received | None, which: str) -> str | None:
    """The DID in a part of the app view's reply: in a feed's record, or in its view."""
    part = value_of(found).get(which)
    did = part.get("did") if isinstance(part, dict) else None
    return did if isinstance(did, str) and is_did(did) else None
