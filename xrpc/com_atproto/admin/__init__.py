"""com.atproto.admin.*, one module a topic; importing it declares the methods."""

from xrpc.com_atproto.admin import accounts, changes, invites, subjects

__all__ = ["accounts", "changes", "invites", "subjects"]
