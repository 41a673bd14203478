"""An author's own records in the shapes in which an app view shows them.

Source: the lexicons app.bsky.actor.defs and app.bsky.feed.defs. Counts are zero: nobody can have
answered yet what nobody has seen.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from repos.reads.recent_writes import RecentRecord

View = dict[str, Any]
Record = dict[str, Any]


@dataclass(frozen=True)
class Author:
    """One author, as others will see them. `profile` is the newest profile record, if any."""

    did: str
    handle: str
    origin: str  # of the author's host
    profile: Record | None
    cdn: str = ""  # where the app view keeps images: a URL with {preset}, {did} and {cid}

    def profile_basic(self) -> View:
        """app.bsky.actor.defs#profileViewBasic."""
        author = {"did": self.did, "handle": self.handle}
        return self.with_basics(author, self.profile) if self.profile else author

    def with_basics(self, view: View, profile: Record) -> View:
        """A profile's view, with name and picture as the record has them."""
        return _filled(
            view,
            displayName=profile.get("displayName"),
            avatar=self.image("avatar", profile.get("avatar")),
        )

    def with_details(self, view: View, profile: Record) -> View:
        """The same with description and banner (profileViewDetailed)."""
        return _filled(
            self.with_basics(view, profile),
            description=profile.get("description"),
            banner=self.image("banner", profile.get("banner")),
        )

    def post(self, post: RecentRecord, embed: View | None) -> View:
        """app.bsky.feed.defs#postView."""
        view = {
            "uri": post.uri,
            "cid": post.cid,
            "author": self.profile_basic(),
            "record": post.value,
            "replyCount": 0,
            "repostCount": 0,
            "likeCount": 0,
            "quoteCount": 0,
            "indexedAt": shown_time(post),
        }
        return {**view, "embed": embed} if embed else view

    def image(self, preset: str, blob: Any) -> str | None:
        """Where a picture of the author's is: at the app view's own store, else here."""
        cid = _cid_of(blob)
        if cid is None:
            return None
        if self.cdn:
            parts = {"preset": preset, "did": self.did, "cid": cid}
            url = self.cdn
            for name, value in parts.items():
                url = url.replace("{" + name + "}", value)
            return url
        query = urlencode({"did": self.did, "cid": cid})
        return f"{self.origin}/xrpc/com.atproto.sync.getBlob?{query}"


def shown_time(record: RecentRecord) -> str:
    """When the record was written, as the wire has it."""
    return record.written_at.strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{record.written_at.microsecond // 1000:03d}Z"
    )


def _filled(view: View, **changes: Any) -> View:
    """The view with these values; what is None is left out, whatever was there."""
    merged = {**view, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def _cid_of(blob: Any) -> str | None:
    """The CID of a blob as records refer to it, in today's form and in the old one."""
    if not isinstance(blob, dict):
        return None
    ref = blob.get("ref")
    cid = ref.get("$link") if isinstance(ref, dict) else blob.get("cid")
    return cid if isinstance(cid, str) else None
