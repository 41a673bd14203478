"""com.atproto.sync.subscribeRepos: numbered events, from a ring in memory or from the table.

Reading order: `ring` (the newest frames), `tailer` (fills it), `table` (everything that is kept),
`feed` (the three together), `budget` (bytes of backfill a process), `backlog` (the table, a page
ahead), `following` (what one consumer gets).
"""

from repos.events.firehose.budget import was_cut_off
from repos.events.firehose.following import ConsumerTooSlow, FutureCursor, follow

__all__ = ["ConsumerTooSlow", "FutureCursor", "follow", "was_cut_off"]
