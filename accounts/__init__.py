"""Who you are: accounts, DIDs, handles, keys, passwords, sessions, sign-up pages."""
