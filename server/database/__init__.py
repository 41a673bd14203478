"""Postgres: this thread's connection, and prepared statements."""
