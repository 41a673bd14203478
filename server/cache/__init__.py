"""Caching: a shared two-level cache, and coalescing of equal requests."""
