"""Moderation: takedowns, audit log, the staff console's pages."""
