"""MIME types of blobs: what the bytes say, and what records declare."""
