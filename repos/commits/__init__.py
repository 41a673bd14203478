"""Writes to repos: checked, planned, and committed in groups."""
