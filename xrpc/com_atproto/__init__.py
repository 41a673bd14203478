"""The methods of `com.atproto.*`, a module per namespace. Importing this package declares them."""

from xrpc.com_atproto import identity, repo, server, sync

__all__ = ["identity", "repo", "server", "sync"]
