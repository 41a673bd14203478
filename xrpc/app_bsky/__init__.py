"""Methods of `app.bsky.*` that a host answers, or knows more about than the app view.

Importing this package declares them, and the one of `network.bsky.*`. All others go to the app view
as they are (xrpc.proxy).
"""

from xrpc.app_bsky import (
    feed_generators,
    json_streams,
    notifications,
    preferences,
    read_after_write_methods,
)

__all__ = [
    "feed_generators",
    "json_streams",
    "notifications",
    "preferences",
    "read_after_write_methods",
]
