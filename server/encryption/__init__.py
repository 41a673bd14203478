"""Secrets at rest: keys wrapped by a key, and the secrets of a first start."""
