"""Repo signing keys, and those reserved for accounts about to move in."""
