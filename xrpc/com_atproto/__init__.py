"""The methods of `com.atproto.*`, a module per namespace. Importing this package declares them."""

from xrpc.com_atproto import admin, identity, lexicon, moderation, repo, server, sync, temp

__all__ = ["admin", "identity", "lexicon", "moderation", "repo", "server", "sync", "temp"]
