"""Feeds in the app view's answers, with the author's own new posts in their places.

Source: app.bsky.feed.getAuthorFeed, getActorLikes, getTimeline. Posts are put where their time is.
Only a first page gets them: on later ones they would be shown twice.
"""

from typing import Any, Final

from xrpc.read_after_write.embeds import IMAGES, WITH_MEDIA
from xrpc.read_after_write.merging import Lacking, Value
from xrpc.read_after_write.own_record_views import View

_VIDEO: Final = "app.bsky.embed.video"


def author_feed(value: Value, lacking: Lacking) -> Value:
    """Own posts on top of the own feed, the author's name and picture up to date."""
    if not _is_own(lacking):
        return value
    posts = [view for view in lacking.post_views() if passes(view, lacking)]
    return {**value, "feed": _inserted(_refreshed(value["feed"], lacking), posts, lacking)}


def actor_likes(value: Value, lacking: Lacking) -> Value:
    """The caller's name and picture up to date where own posts are shown."""
    return {**value, "feed": _refreshed(value["feed"], lacking)}


def timeline(value: Value, lacking: Lacking) -> Value:
    """Own posts among those of the others."""
    return {**value, "feed": _inserted(value["feed"], lacking.post_views(), lacking)}


def _is_own(lacking: Lacking) -> bool:
    actor = str(lacking.params.get("actor", ""))
    return actor == lacking.author.did or actor.lower() == lacking.author.handle


def passes(view: View, lacking: Lacking) -> bool:
    """Whether a post belongs into the feed by getAuthorFeed's `filter`."""
    record = view["record"]
    reply, wanted = record.get("reply"), lacking.params.get("filter")
    if wanted == "posts_no_replies":
        return reply is None
    if wanted == "posts_and_author_threads":
        return reply is None or reply["root"]["uri"].startswith(f"at://{lacking.author.did}/")
    if wanted == "posts_with_media":
        return _carries(record, IMAGES) or _carries(record, _VIDEO)
    return wanted != "posts_with_video" or _carries(record, _VIDEO)


def _carries(record: dict[str, Any], kind: str) -> bool:
    embed = record.get("embed") or {}
    media = embed.get("media") if embed.get("$type") == WITH_MEDIA else embed
    return isinstance(media, dict) and media.get("$type") == kind


def _refreshed(feed: list[View], lacking: Lacking) -> list[View]:
    profile = lacking.records.profile
    if profile is None:
        return feed
    own = lacking.author
    return [
        {**item, "post": {**item["post"], "author": own.with_basics(author, profile.value)}}
        if (author := item["post"]["author"])["did"] == own.did
        else item
        for item in feed
    ]


def _inserted(feed: list[View], posts: list[View], lacking: Lacking) -> list[View]:
    """The feed with posts (oldest first) before the first item that is older than they are."""
    if lacking.params.get("cursor"):
        return feed
    merged = list(feed)
    known = {item["post"]["uri"] for item in feed}
    oldest = feed[-1]["post"]["indexedAt"] if feed else ""
    for post in reversed(posts):
        if post["uri"] in known or post["indexedAt"] <= oldest:
            continue
        times = (item["post"]["indexedAt"] for item in merged)
        older = (place for place, time in enumerate(times) if time < post["indexedAt"])
        merged.insert(next(older, len(merged)), {"post": post})
    return merged
