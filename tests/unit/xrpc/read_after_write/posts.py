"""Posts and what an app view says of them, made by hand."""

from datetime import UTC, datetime

from repos.reads.recent_writes import RecentRecord
from xrpc.read_after_write.merging import Lacking
from xrpc.read_after_write.own_record_views import Author
from xrpc.read_after_write.unseen_writes import UnseenWrites

ME, OTHER = "did:web:me.example.com", "did:web:other.example.com"
POST = "app.bsky.feed.post"
CID = "bafyreie5cvv4h45feadgeuwhbcutmh6t2ceseocckahdoe6uat64zmz454"
AUTHOR = Author(ME, "me.test", "https://host.example.com", None)


def written(key: str, at_s: int = 0, **record) -> RecentRecord:
    """A post of mine, written so many seconds after noon."""
    moment = datetime.fromtimestamp(1_790_000_000 + at_s, UTC)
    return RecentRecord(f"at://{ME}/{POST}/{key}", POST, key, CID, moment, {"text": key, **record})


def profile(**record) -> RecentRecord:
    moment = datetime.fromtimestamp(1_790_000_000, UTC)
    collection = "app.bsky.actor.profile"
    return RecentRecord(f"at://{ME}/{collection}/self", collection, "self", CID, moment, record)


def lacking(*posts: RecentRecord, named: RecentRecord | None = None, **params) -> Lacking:
    return Lacking(AUTHOR, UnseenWrites(named, posts), {}, params)


def shown(key: str, at_s: int, did: str = OTHER, **record) -> dict:
    """What the app view shows of a post."""
    view = AUTHOR.post(written(key, at_s, **record), None)
    author = {"did": did, "handle": "someone.test"}
    return {**view, "uri": f"at://{did}/{POST}/{key}", "author": author}


def reply_to(root: str, parent: str = "") -> dict:
    return {"reply": {"root": {"uri": root}, "parent": {"uri": parent or root}}}
