"""Unseen writes: the caller's own that the app view has not seen yet, a profile and posts."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from protocol.syntax import is_tid
from repos.reads import recent_writes
from repos.reads.recent_writes import RecentRecord
from repos.reads.repos import RepoRow

PROFILE: Final = "app.bsky.actor.profile"
POST: Final = "app.bsky.feed.post"
REV_HEADER: Final = "atproto-repo-rev"
LAG_HEADER: Final = "Atproto-Upstream-Lag"


@dataclass(frozen=True)
class UnseenWrites:
    """What was written since; posts oldest first."""

    profile: RecentRecord | None
    posts: tuple[RecentRecord, ...]

    @property
    def lag_ms(self) -> int:
        """How far the app view is behind at least, in milliseconds."""
        written = [record.written_at for record in (self.profile, *self.posts) if record]
        return max(0, round((datetime.now(UTC) - min(written)).total_seconds() * 1000))


def is_behind(rev: str | None, head_rev: str) -> bool:
    """Whether a service that has seen `rev` lacks commits of a repo whose newest is `head_rev`."""
    return rev is not None and is_tid(rev) and rev < head_rev


def load(repo: RepoRow, rev: str) -> UnseenWrites | None:
    """What the repo's author wrote after `rev`; None when there is nothing to show."""
    found = recent_writes.written_since(repo, rev, (PROFILE, POST))
    profiles = [record for record in found if (record.collection, record.rkey) == (PROFILE, "self")]
    posts = tuple(record for record in found if record.collection == POST)
    return UnseenWrites(profiles[0] if profiles else None, posts) if profiles or posts else None
