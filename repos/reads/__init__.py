"""Repos read: records, pages of them, exports, counts."""
