"""Methods of `app.bsky.*` that a host answers, or knows more about than the app view.

Importing this package declares them. All others go to the app view as they are (xrpc.proxy).
"""

from xrpc.app_bsky import feed_generators, merged, notifications, preferences

__all__ = ["feed_generators", "merged", "notifications", "preferences"]
