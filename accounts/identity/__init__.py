"""DIDs and handles of accounts: what they say, how they change, who else is whom."""
