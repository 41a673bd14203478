"""Handles that a host gives out, and which it never does."""
