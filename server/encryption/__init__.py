"""Secrets: keys wrapped by a key, random codes, digests, signed tokens, those of a first start."""
