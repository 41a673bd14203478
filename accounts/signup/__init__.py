"""Signing up: rules, admission policy, the approval queue, and the account itself."""
