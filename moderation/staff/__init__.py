"""Staff actions: accounts found and changed, sign-ups reviewed, migrations resumed."""
