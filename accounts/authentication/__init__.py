"""Who signs in: credentials, sessions and their tokens, codes by mail."""
