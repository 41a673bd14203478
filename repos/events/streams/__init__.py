"""Event streams: numbered rows of a table for many consumers, from memory or from the table.

The firehose (repos.events.firehose) is one; `table` says what another table needs for it. Reading
order: `ring` (the newest frames), `table` (everything that is kept), `tailer` (reads it on into the
rings), `budget` (bytes of backfill a process), `feed` (these together), `backlog` (the table, a
page ahead), `following` (what one consumer gets).
"""
