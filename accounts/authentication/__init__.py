"""Authentication: credentials, sessions and their tokens, codes by mail."""
