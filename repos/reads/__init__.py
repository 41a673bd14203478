"""Reads of repos: records, pages of them, exports, counts."""
