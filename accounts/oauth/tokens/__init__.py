"""Tokens that apps hold: how each kind is made and read. What becomes of a session: `sessions`."""
