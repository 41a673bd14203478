"""Accounts deactivated, activated, deleted, and changed by staff."""
