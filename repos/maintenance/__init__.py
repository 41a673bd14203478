"""Repos checked, rebuilt and restored by an operator."""
