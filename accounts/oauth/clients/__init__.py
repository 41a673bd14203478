"""Clients: apps, named by the URL of a document about them."""

from accounts.oauth.clients.profile import ClientProfile

__all__ = ["ClientProfile"]
