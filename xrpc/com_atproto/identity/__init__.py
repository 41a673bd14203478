"""com.atproto.identity.*, a module per topic. Importing this package declares its methods."""

from xrpc.com_atproto.identity import handles, plc_operations, resolving

__all__ = ["handles", "plc_operations", "resolving"]
