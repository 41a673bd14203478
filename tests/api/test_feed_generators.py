"""app.bsky.feed.getFeed: the token is for whoever makes the feed."""

import pytest

from tests.api.relayed import claims, get, view
from tests.upstreams import answering

__all__ = ["view"]

NSID = "app.bsky.feed.getFeed"
FEED = "at://did:web:author.example.com/app.bsky.feed.generator/trains"
MAKER = "did:web:feeds.example.com"


@pytest.fixture(autouse=True)
def _known(view):
    view.answers("com.atproto.repo.getRecord", answering({"value": {"did": MAKER}}))
    view.answers(NSID, answering({"feed": []}))


def test_the_token_is_for_the_maker_of_the_feed(alice, view):
    assert get(alice, NSID, {"feed": FEED, "limit": 5}).json() == {"feed": []}
    said = claims(view.last().headers["authorization"])
    assert (said["aud"], said["lxm"]) == (MAKER, "app.bsky.feed.getFeedSkeleton")
    assert view.last().target.startswith(f"/xrpc/{NSID}?feed=")


def test_the_maker_is_asked_of_the_app_view(alice, view):
    get(alice, NSID, {"feed": FEED})
    asked = view.seen[0].target
    assert asked.startswith("/xrpc/com.atproto.repo.getRecord?repo=did%3Aweb%3Aauthor.example.com")
    assert "collection=app.bsky.feed.generator&rkey=trains" in asked


@pytest.mark.parametrize(
    "reply",
    [answering({}, "404 No"), answering({"value": {}}), answering({"value": {"did": 5}}),
     answering({"value": {"did": "nobody"}}), answering(b"junk"), answering([1]),
     answering({"value": []})],
)  # fmt: skip
def test_a_feed_that_names_no_maker_is_unknown(alice, view, reply):
    view.answers("com.atproto.repo.getRecord", reply)
    assert get(alice, NSID, {"feed": FEED}).refusal == (400, "UnknownFeed")


def test_an_app_view_that_shows_no_records_is_asked_for_its_view(alice, view):
    view.answers("com.atproto.repo.getRecord", answering({}, "501 No"))
    view.answers("app.bsky.feed.getFeedGenerator", answering({"view": {"did": MAKER}}))
    assert get(alice, NSID, {"feed": FEED}).status == 200
    assert claims(view.last().headers["authorization"])["aud"] == MAKER


def test_a_uri_that_is_no_records_is_unknown(alice, view):
    answer = get(alice, NSID, {"feed": "at://did:web:author.example.com"})
    assert answer.refusal == (400, "UnknownFeed")
    assert view.seen == []


def test_another_app_view_gets_the_call_as_it_is(alice, view):
    proxy = f"{view.did}#other_view"
    view.offers(other_view=view.url)
    get(alice, NSID, {"feed": FEED}, HTTP_ATPROTO_PROXY=proxy)
    said = claims(view.last().headers["authorization"])
    assert (said["aud"], said["lxm"]) == (view.did, NSID)
