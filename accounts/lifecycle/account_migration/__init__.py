"""Inbound account migration: accounts that move in from another PDS."""
