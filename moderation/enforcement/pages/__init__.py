"""Pages on which people read what was decided about their account, and appeal."""
