"""Untrusted input: how much of it is read, and JSON read within that."""
