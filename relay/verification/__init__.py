"""Verification of other hosts' events: what can be said of a frame and a key alone.

Values and functions, no database and no network; `process` runs them beside the crawler, on the
other cores. What needs the account's last commit is decided in relay.ingestion.decisions.
Source: atproto.com/specs/sync, "Commit Validation".
"""
