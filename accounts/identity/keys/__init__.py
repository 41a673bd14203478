"""Repo signing keys, and those reserved for who is about to move in."""
