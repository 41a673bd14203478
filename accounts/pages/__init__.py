"""Pages for account holders: plain HTML forms that work without scripts, and a handle's profile."""
