"""The life cycle of repos: opened, signed anew, deleted, as their accounts are."""
