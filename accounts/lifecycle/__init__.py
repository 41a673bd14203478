"""The account's life cycle: deactivated, activated, deleted, changed by staff."""
