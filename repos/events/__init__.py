"""Events of repos: appended, numbered, kept for a while, announced to relays."""
