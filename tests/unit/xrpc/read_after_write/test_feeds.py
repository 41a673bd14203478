"""Own posts in feeds: in order, once, and only where they belong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.xrpc.read_after_write.posts import ME, OTHER, lacking, profile, shown, written
from xrpc.read_after_write import feeds

SECONDS = st.integers(0, 100)


def keys(value: dict) -> list[str]:
    return [item["post"]["record"]["text"] for item in value["feed"]]


@given(st.lists(SECONDS, max_size=8), st.lists(SECONDS, max_size=8))
def test_a_timeline_stays_in_order_and_shows_nothing_twice(theirs, mine):
    feed = [{"post": shown(f"t{n}", at)} for n, at in enumerate(sorted(theirs, reverse=True))]
    posts = [written(f"m{n}", at) for n, at in enumerate(sorted(mine))]
    merged = feeds.timeline({"feed": feed, "cursor": "c"}, lacking(*posts))
    times = [item["post"]["indexedAt"] for item in merged["feed"]]
    assert times == sorted(times, reverse=True)
    assert len(set(keys(merged))) == len(keys(merged))
    assert [key for key in keys(merged) if key[0] == "t"] == keys({"feed": feed})
    assert merged["cursor"] == "c"


def test_a_post_older_than_the_page_is_on_a_later_one():
    feed = [{"post": shown("new", 50)}, {"post": shown("old", 40)}]
    assert keys(feeds.timeline({"feed": feed}, lacking(written("mine", 10)))) == ["new", "old"]


@pytest.mark.parametrize(("actor", "count"), [(ME, 1), ("me.test", 1), ("ME.test", 1), (OTHER, 0)])
def test_own_posts_are_for_the_own_feed(actor, count):
    merged = feeds.author_feed({"feed": []}, lacking(written("mine"), actor=actor))
    assert len(merged["feed"]) == count


@pytest.mark.parametrize(
    ("wanted", "passing"),
    [("posts_with_replies", "plain reply thread image video both"),
     ("posts_no_replies", "plain image video both"),
     ("posts_and_author_threads", "plain thread image video both"),
     ("posts_with_media", "image video both"),
     ("posts_with_video", "video")],
)  # fmt: skip
def test_a_filter_holds_for_own_posts_too(wanted, passing):
    image = {"$type": "app.bsky.embed.images", "images": []}
    both = {"$type": "app.bsky.embed.recordWithMedia", "media": image}
    posts = [
        written("plain", 1),
        written("reply", 2, reply={"root": {"uri": f"at://{OTHER}/x"}}),
        written("thread", 3, reply={"root": {"uri": f"at://{ME}/x"}}),
        written("image", 4, embed=image),
        written("video", 5, embed={"$type": "app.bsky.embed.video"}),
        written("both", 6, embed=both),
    ]
    made = {post.rkey: {"record": post.value} for post in posts}
    asked = lacking(*posts, actor=ME, filter=wanted)
    assert " ".join(key for key in made if feeds.passes(made[key], asked)) == passing


def test_the_own_name_is_fresh_wherever_own_posts_are():
    feed = [{"post": shown("a", 2)}, {"post": shown("b", 1, did=ME), "reason": {"by": "x"}}]
    merged = feeds.actor_likes({"feed": feed}, lacking(named=profile(displayName="fresh")))["feed"]
    names = [item["post"]["author"].get("displayName") for item in merged]
    assert (names, merged[1]["reason"]) == ([None, "fresh"], {"by": "x"})
