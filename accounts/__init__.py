"""Accounts: DIDs, handles, keys, passwords, sessions, and the pages for them."""
