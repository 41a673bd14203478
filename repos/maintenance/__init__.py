"""Maintenance by an operator: repos checked, rebuilt and restored."""
