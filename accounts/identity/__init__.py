"""Identity of accounts: their DIDs and handles, and resolution of others'."""
