"""Takedowns of accounts, records and blobs, and blobs denied by hash."""
