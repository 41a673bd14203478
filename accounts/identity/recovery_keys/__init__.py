"""Rotation keys in their owners' hands: proven, placed above the host's, removed."""
