"""Logs: one configuration of structlog and the standard library's logging for every process."""
