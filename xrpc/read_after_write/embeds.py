"""Embeds of posts as an app view shows them: pictures, links, and other people's records.

Source: the lexicons app.bsky.embed.*. Records of others are the app view's to show, so those are
asked for first; what it does not show is `viewNotFound`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeGuard
from urllib.parse import urlencode

from protocol.syntax import AtUri, InvalidSyntax
from repos.reads.recent_writes import RecentRecord
from xrpc.proxy.destinations import Service
from xrpc.proxy.plans import Forwarded, ProxyContext, Received, value_of
from xrpc.read_after_write.own_record_views import Author, View

IMAGES: Final = "app.bsky.embed.images"
EXTERNAL: Final = "app.bsky.embed.external"
RECORD: Final = "app.bsky.embed.record"
WITH_MEDIA: Final = "app.bsky.embed.recordWithMedia"
_POSTS_A_QUESTION = 25  # app.bsky.feed.getPosts
_GENERATOR: Final = "app.bsky.feed.generator"
_LIST: Final = "app.bsky.graph.list"
_POST: Final = "app.bsky.feed.post"
_POST_FIELDS: Final = ("uri", "cid", "author", "record", "indexedAt")
_VIEWS: Final = {  # what replies call them
    "view": "app.bsky.feed.defs#generatorView",
    "list": "app.bsky.graph.defs#listView",
}

Shown = Mapping[str, View]  # by at-URI


def questions(
    way: ProxyContext, service: Service, posts: Iterable[RecentRecord]
) -> tuple[Forwarded, ...]:
    """What to ask the app view before these posts can be shown."""
    uris = sorted({uri for post in posts if (uri := _quoted(post.value.get("embed")))})
    asked = []
    if quoted := [uri for uri in uris if _collection(uri) == _POST][:_POSTS_A_QUESTION]:
        query = urlencode([("uris", uri) for uri in quoted])
        asked.append(way.question(service, "app.bsky.feed.getPosts", query))
    for uri in uris:
        if _collection(uri) == _GENERATOR:
            query = urlencode({"feed": uri})
            asked.append(way.question(service, "app.bsky.feed.getFeedGenerator", query))
        elif _collection(uri) == _LIST:
            query = urlencode({"list": uri, "limit": 1})
            asked.append(way.question(service, "app.bsky.graph.getList", query))
    return tuple(asked)


def shown_in(replies: Sequence[Received | None]) -> Shown:
    """The records that the app view's replies show; what it shows badly is left out."""
    shown: dict[str, View] = {}
    for reply in replies:
        value = value_of(reply)
        posts = value.get("posts")
        for post in posts if isinstance(posts, list) else ():
            if _has(post, *_POST_FIELDS):
                shown[post["uri"]] = _post(post)
        for name, kind in _VIEWS.items():
            if _has(view := value.get(name), "uri"):
                shown[view["uri"]] = {"$type": kind, **view}
    return shown


def _has(view: Any, *names: str) -> TypeGuard[View]:
    """Whether that is a record's view with all of these fields, and its URI a text."""
    return isinstance(view, dict) and {*names} <= view.keys() and isinstance(view["uri"], str)


def view_of(author: Author, embed: Any, shown: Shown) -> View | None:
    """The view of a post's embed; None for kinds that only an app view can show."""
    if not isinstance(embed, dict):
        return None
    kind = embed.get("$type")
    if kind == RECORD:
        return _record(embed, shown)
    if kind == WITH_MEDIA:
        media = _media(author, embed["media"])
        whole = {"media": media, "record": _record(embed["record"], shown)}
        return {"$type": f"{WITH_MEDIA}#view", **whole} if media else None
    return _media(author, embed)


def _media(author: Author, embed: dict[str, Any]) -> View | None:
    if embed.get("$type") == IMAGES:
        return {"$type": f"{IMAGES}#view", "images": [_image(author, i) for i in embed["images"]]}
    if embed.get("$type") == EXTERNAL:
        link = embed["external"]
        card = {name: link[name] for name in ("uri", "title", "description")}
        thumb = author.image("feed_thumbnail", link.get("thumb"))
        return {
            "$type": f"{EXTERNAL}#view",
            "external": {**card, "thumb": thumb} if thumb else card,
        }
    return None


def _image(author: Author, image: dict[str, Any]) -> View:
    view = {
        "thumb": author.image("feed_thumbnail", image["image"]),
        "fullsize": author.image("feed_fullsize", image["image"]),
        "alt": image["alt"],
    }
    ratio = image.get("aspectRatio")
    return {**view, "aspectRatio": ratio} if ratio else view


def _record(embed: dict[str, Any], shown: Shown) -> View:
    uri = embed["record"]["uri"]
    missing = {"$type": f"{RECORD}#viewNotFound", "uri": uri, "notFound": True}
    return {"$type": f"{RECORD}#view", "record": shown.get(uri, missing)}


def _post(post: dict[str, Any]) -> View:
    """A post's view as one that is quoted (app.bsky.embed.record#viewRecord)."""
    view = {
        "$type": f"{RECORD}#viewRecord",
        "uri": post["uri"],
        "cid": post["cid"],
        "author": post["author"],
        "value": post["record"],
        "indexedAt": post["indexedAt"],
    }
    if labels := post.get("labels"):
        view["labels"] = labels
    if embed := post.get("embed"):
        view["embeds"] = [embed]
    return view


def _quoted(embed: Any) -> str | None:
    if not isinstance(embed, dict):
        return None
    record = embed.get("record") if embed.get("$type") in (RECORD, WITH_MEDIA) else None
    if embed.get("$type") == WITH_MEDIA and isinstance(record, dict):
        record = record.get("record")
    uri = record.get("uri") if isinstance(record, dict) else None
    return uri if isinstance(uri, str) else None


def _collection(uri: str) -> str:
    try:
        return AtUri.parse(uri).collection
    except InvalidSyntax:
        return ""
