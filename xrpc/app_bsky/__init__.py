"""Methods of `app.bsky.*` that a host answers, or knows more about than the app view.

Importing this package declares them. All others go to the app view as they are (xrpc.proxy).
"""

from xrpc.app_bsky import feed_generators, notifications, preferences, read_after_write_methods

__all__ = ["feed_generators", "notifications", "preferences", "read_after_write_methods"]
