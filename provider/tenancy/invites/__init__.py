"""Invitations of people: one by mail, and many by a list."""
