"""Accounts that move in from another PDS."""
