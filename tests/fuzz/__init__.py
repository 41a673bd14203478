"""Hostile bytes for everything that reads untrusted ones: `python -m tests.fuzz cbor --runs
1000000`.

A target is a module with `SEEDS` and `check(data)`: bytes that are refused as documented pass, any
other exception, a broken promise, or a second without an answer is a finding. The same targets run
briefly under hypothesis in the ordinary suite (test_targets).
"""
