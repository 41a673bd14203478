"""The life cycle of repos and their records, as accounts and moderation decide it."""
