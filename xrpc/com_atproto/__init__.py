"""The methods of `com.atproto.*`, a module per namespace. Importing this package declares them."""

from xrpc.com_atproto import admin, identity, label, lexicon, moderation, repo, server, sync, temp

__all__ = ["admin", "identity", "label", "lexicon", "moderation", "repo", "server", "sync", "temp"]
