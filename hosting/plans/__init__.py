"""Plans, what they allow, and what is used of it."""
