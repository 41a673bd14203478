"""Clients: apps, named by the URL of a document about them."""

from accounts.oauth.clients.shown import Shown

__all__ = ["Shown"]
