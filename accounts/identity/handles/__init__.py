"""Handles under a host's domains: given out, and reserved."""
