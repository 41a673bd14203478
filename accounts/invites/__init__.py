"""Invite codes: made, spent, earned, listed."""
