"""com.atproto.server.*, one module a topic; importing it declares the methods."""

from xrpc.com_atproto.server import activation, sessions

__all__ = ["activation", "sessions"]
